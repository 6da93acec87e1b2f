import Foundation
import XlingCore

/// The datasets that are built from what packages of the system hold; they lie in `data/`.
public enum EmbeddedDataset: String, CaseIterable, Sendable {
  case scenes, emoji, stamps

  public var folder: String { "data/" + rawValue }

  /// The folder that a name leads to: an embedded dataset's, a shifted one's, else the name itself. Throws
  /// `FileFailure.missing` with the command that builds an embedded one.
  public static func resolve(_ name: String) throws(FileFailure) -> String {
    if let shift = shift(name) {
      let folder = folder(of: shift)
      guard !FileManager.default.fileExists(atPath: name) else { return name }
      guard FileManager.default.fileExists(atPath: folder) else {
        throw .missing(
          path: folder, hint: "Build it: xling data build emoji --shift \(shift.rawValue)")
      }
      return folder
    }
    guard let embedded = EmbeddedDataset(rawValue: name) else { return name }
    guard FileManager.default.fileExists(atPath: embedded.folder) else {
      throw .missing(path: embedded.folder, hint: "Build it: xling data build \(name)")
    }
    return embedded.folder
  }

  /// The shift that "emoji-size-2" names.
  public static func shift(_ name: String) -> EmojiShift? {
    let prefix = emoji.rawValue + "-"
    return name.hasPrefix(prefix) ? EmojiShift(rawValue: String(name.dropFirst(prefix.count))) : nil
  }

  /// Where a shifted `emoji` lies: "data/emoji-size-2".
  public static func folder(of shift: EmojiShift) -> String {
    emoji.folder + "-" + shift.rawValue
  }
}
