import Foundation
import XlingCore

extension Dataset {
  /// Opens and decodes every picture: what is wrong with those that cannot be used, in the file's order,
  /// each with its path. Each file once, however many items show it.
  public func unreadablePictures() -> [String] {
    var seen = Set<String>()
    return Self.unreadable(items.map(path).filter { seen.insert($0).inserted })
  }

  static func unreadable(_ paths: [String]) -> [String] {
    let found = try? concurrently(paths, grain: 8) { path -> String? in
      do {
        _ = try Picture.load(path: path)
        return nil
      } catch {
        let said = "\(error)"
        return said.contains(path) ? said : "\(path): \(said)"
      }
    }
    return (found ?? []).compactMap { $0 }
  }
}
