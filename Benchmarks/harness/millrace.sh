# Read by the peers that are Millrace: answers --about, and otherwise leaves the program in $binary.
set -eu
binary=${MILLRACE_BINARY:?names the millrace binary}
if [ "$1" = --about ]; then
  version=$("$binary" --version) || exit 1
  exec printf '{"title": "%s", "version": "%s"}\n' "${title:-Millrace}" "${version#millrace }"
fi
