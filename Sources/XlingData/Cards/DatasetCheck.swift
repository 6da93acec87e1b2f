import Foundation
import XlingCore

/// What of a card's dataset is on disk.
public struct DatasetCheck: Sendable, Equatable, Encodable {
  public enum State: String, Sendable, Encodable {
    /// The published bytes.
    case good
    /// There, but its published hash is not known.
    case present
    case missing
    /// The published file has other bytes: another release, or line ends changed on the way.
    case differs = "other bytes"
  }

  public struct File: Sendable, Equatable, Encodable {
    public let path: String
    public let state: State
    /// What is wrong, in words; empty when nothing is.
    public let problem: String
  }

  public let name: String
  public let root: String
  public let files: [File]
  /// Why the files cannot be read as the card's layout; nil when they can.
  public let unreadable: String?
  /// Pictures of the protocol; nil when the files cannot be read.
  public let pictures: Int?
  public let missingPictures: [String]

  /// `xling eval` would take it.
  public var isComplete: Bool { unreadable == nil && missingPictures.isEmpty }

  /// Whether something is missing, as against wrong.
  public var isMissingSomething: Bool {
    files.contains { $0.state == .missing } || !missingPictures.isEmpty
  }

  /// Looks at everything; wrong and missing files are results, not errors.
  public init(_ card: DatasetCard, root: String) {
    let layout = CardFiles(card, root: root)
    name = card.name
    self.root = layout.root
    files = card.files.map { Self.check($0, layout) }
    do {
      let entries = try layout.entries()
      missingPictures = try entries.map(\.name).filter { try layout.place(of: $0) == nil }
      pictures = entries.count
      unreadable = nil
    } catch {
      unreadable = "\(error)"
      (pictures, missingPictures) = (nil, [])
    }
  }

  private static func check(_ file: DatasetCard.File, _ layout: CardFiles) -> File {
    let path = layout.root + "/" + file.path
    guard FileManager.default.fileExists(atPath: path) else {
      return File(path: file.path, state: .missing, problem: "there is no such file")
    }
    guard let published = file.sha256 else {
      return File(path: file.path, state: .present, problem: "")
    }
    do {
      let found = Digest.of(try AtomicFile.read(path))
      return found == published
        ? File(path: file.path, state: .good, problem: "")
        : File(
          path: file.path, state: .differs,
          problem: "SHA-256 \(found.prefix(16))…, published \(published.prefix(16))…")
    } catch {
      return File(path: file.path, state: .missing, problem: "\(error)")
    }
  }
}

extension DatasetCheck {
  /// In words, each with a file's name; empty when `xling eval` would take the dataset.
  public var problems: [String] {
    files.filter { $0.state == .missing || $0.state == .differs }.map {
      "\(root)/\($0.path): \($0.problem)"
    } + [unreadable].compactMap { $0 } + missingPictures.map { "\($0) is missing in \(root)" }
  }

  /// What could not be checked.
  public var notes: [String] {
    let unknown = files.filter { $0.state == .present }.map(\.path)
    return unknown.isEmpty
      ? [] : ["no published hash is known of \(unknown.joined(separator: ", "))"]
  }
}
