import Foundation
import XlingCore

/// A folder of PEFT: low-rank matrices beside a tower that lies elsewhere.
enum AdapterFolder {
  private static let fileName = "adapter_config.json"

  /// Throws ``TowerFailure/adapter(path:base:)`` for a folder that holds an adapter and no tower.
  static func refuse(_ folder: String) throws {
    let path = folder + "/" + fileName
    let files = FileManager.default
    guard files.fileExists(atPath: path), !files.fileExists(atPath: folder + "/config.json") else {
      return
    }
    let base = try? ConfigurationFields(path).text("base_model_name_or_path")
    throw TowerFailure.adapter(path: path, base: base ?? nil)
  }
}
