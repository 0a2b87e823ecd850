// What of OpenSSL is macros or takes callbacks, as functions.
#ifndef MILLRACE_OPENSSL_H
#define MILLRACE_OPENSSL_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>

/// HMAC-SHA-256 of up to four parts, one behind the other. 1 where it was computed.
static inline int openssl_hmac_sha256(const void *key, size_t key_count, const void *const *parts,
                                      const size_t *counts, int part_count, unsigned char *out32) {
  EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
  EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
  char digest[] = "SHA256";
  OSSL_PARAM params[2] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                          OSSL_PARAM_construct_end()};
  size_t length = 0;
  int ok = context && EVP_MAC_init(context, (const unsigned char *)key, key_count, params);
  for (int i = 0; ok && i < part_count; i++)
    if (counts[i] > 0) ok = EVP_MAC_update(context, (const unsigned char *)parts[i], counts[i]);
  ok = ok && EVP_MAC_final(context, out32, &length, 32) && length == 32;
  EVP_MAC_CTX_free(context);
  EVP_MAC_free(mac);
  return ok;
}

/// SHA-256, by an implementation that was fetched before or by any. 1 where it was computed.
static inline int openssl_sha256(const EVP_MD *fetched, const void *data, size_t count, unsigned char *out32) {
  unsigned int length = 0;
  return EVP_Digest(data, count, out32, &length, fetched ? fetched : EVP_sha256(), NULL) && length == 32;
}

/// Whether the key of a certificate, as PEM, has signed the data with SHA-256 or SHA-1, and the certificate's time is now.
static inline int openssl_verify_signature(const void *pem, size_t pem_count, int is_sha256, const void *data,
                                           size_t count, const void *signature, size_t signature_count) {
  BIO *text = BIO_new_mem_buf(pem, (int)pem_count);
  X509 *certificate = text ? PEM_read_bio_X509(text, NULL, NULL, NULL) : NULL;
  EVP_PKEY *key = certificate ? X509_get_pubkey(certificate) : NULL;
  EVP_MD_CTX *context = key ? EVP_MD_CTX_new() : NULL;
  int ok = context && X509_cmp_current_time(X509_get0_notBefore(certificate)) < 0 &&
           X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0 &&
           EVP_DigestVerifyInit(context, NULL, is_sha256 ? EVP_sha256() : EVP_sha1(), NULL, key) == 1 &&
           EVP_DigestVerify(context, (const unsigned char *)signature, signature_count, (const unsigned char *)data,
                            count) == 1;
  EVP_MD_CTX_free(context);
  EVP_PKEY_free(key);
  X509_free(certificate);
  BIO_free(text);
  ERR_clear_error();
  return ok;
}

/// TLS 1.2 and newer; writes may be repeated with a part of them done, from another place in memory.
static inline SSL_CTX *openssl_context(const SSL_METHOD *method) {
  SSL_CTX *context = SSL_CTX_new(method);
  if (!context) return NULL;
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
  return context;
}

static inline SSL_CTX *openssl_server_context(void) {
  SSL_CTX *context = openssl_context(TLS_server_method());
  if (context) SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  return context;
}

static inline SSL_CTX *openssl_client_context(int verifies) {
  SSL_CTX *context = openssl_context(TLS_client_method());
  if (context) SSL_CTX_set_verify(context, verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, NULL);
  return context;
}

/// A session of HTTP/1.1 on a socket that connects; where it verifies, the certificate must be that of the host, a name or
/// an address.
static inline SSL *openssl_client_session(SSL_CTX *context, int socket, const char *host, int is_address, int verifies) {
  static const unsigned char protocol[] = "\x08http/1.1";
  SSL *session = SSL_new(context);
  if (!session) return NULL;
  int ok = SSL_set_fd(session, socket) == 1 && SSL_set_alpn_protos(session, protocol, sizeof protocol - 1) == 0;
  if (ok && !is_address) ok = SSL_set_tlsext_host_name(session, host) == 1;
  if (ok && verifies)
    ok = is_address ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1
                    : SSL_set1_host(session, host) == 1;
  if (!ok) {
    SSL_free(session);
    return NULL;
  }
  SSL_set_connect_state(session);
  return session;
}

/// Whoever connects must show a certificate that one of the authorities in the file has signed.
static inline int openssl_require_clients(SSL_CTX *context, const char *authorities) {
  STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(authorities);
  if (!names) return 0;
  SSL_CTX_set_client_CA_list(context, names);
  static const unsigned char id[] = "millrace";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
  return SSL_CTX_load_verify_locations(context, authorities, NULL);
}

static inline int openssl_select_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_count,
                                          const unsigned char *offered, unsigned int offered_count, void *unused) {
  (void)ssl;
  (void)unused;
  static const unsigned char wanted[] = "\x02h2\x08http/1.1";
  if (SSL_select_next_proto((unsigned char **)out, out_count, wanted, sizeof wanted - 1, offered, offered_count) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  return SSL_TLSEXT_ERR_OK;
}

/// Offers HTTP/2 and HTTP/1.1, in this order.
static inline void openssl_offer_protocols(SSL_CTX *context) {
  SSL_CTX_set_alpn_select_cb(context, openssl_select_protocol, NULL);
}

/// Whether HTTP/2 was agreed on.
static inline int openssl_is_http2(const SSL *ssl) {
  const unsigned char *name = NULL;
  unsigned int count = 0;
  SSL_get0_alpn_selected(ssl, &name, &count);
  return count == 2 && memcmp(name, "h2", 2) == 0;
}

/// The reason of the last error on this thread, for messages; "" where there is none.
static inline const char *openssl_reason(void) {
  const char *reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "";
}

#endif
