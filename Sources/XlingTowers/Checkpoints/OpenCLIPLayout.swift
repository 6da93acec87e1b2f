import Foundation

/// What tells a folder of open_clip.
enum OpenCLIPLayout {
  static let configuration = "open_clip_config.json"

  /// Whether a folder is open_clip's alone: with its configuration and no other.
  static func isAlone(_ folder: String) -> Bool {
    !FileManager.default.fileExists(atPath: folder + "/config.json")
      && FileManager.default.fileExists(atPath: folder + "/" + configuration)
  }
}
