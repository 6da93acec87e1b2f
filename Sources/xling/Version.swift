/// The released version, or the one being worked towards: see CHANGELOG.md.
enum Version {
  static let current = "0.1.0"
}
