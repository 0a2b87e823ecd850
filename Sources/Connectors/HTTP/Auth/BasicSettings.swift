import ConnectorKit

/// Authorization: Basic.
struct BasicSettings: SettingGroup {
  @Setting("The name.") var user: String
  @Setting("The password.") var password: Secret

  init() {}
}
