import Foundation
import XlingCore

/// Tux Paint's stamps as Debian installs them (`tuxpaint-stamps-default`): drawings and photographs
/// with transparent grounds, each beside a text file of captions.
public struct StampFolder: Sendable {
  public let path: String
  /// Paths inside the folder without extension, sorted: stamps with captions and a PNG picture.
  let stamps: [String]
  /// Stamps with captions whose picture is a vector drawing only.
  let drawings: Int

  public static let debianFolder = "/usr/share/tuxpaint/stamps"

  /// The folder that `XLING_STAMPS` names, else Debian's. Throws ``DataFailure/missingStamps(path:)``,
  /// ``DataFailure/cannotBuild(what:reason:)``.
  public init(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws(DataFailure) {
    try self.init(path: environment["XLING_STAMPS"] ?? Self.debianFolder)
  }

  public init(path: String) throws(DataFailure) {
    guard let files = FileManager.default.enumerator(atPath: path),
      FileManager.default.fileExists(atPath: path)
    else { throw .missingStamps(path: path) }
    var kinds: [String: Set<String>] = [:]
    for case let file as String in files {
      kinds[PathParts.withoutExtension(file), default: []]
        .insert(PathParts.fileExtension(of: file))
    }
    let captioned = kinds.filter { $0.value.contains("txt") }
    stamps = captioned.filter { $0.value.contains("png") }.keys.sorted()
    drawings = captioned.count { !$0.value.contains("png") && $0.value.contains("svg") }
    self.path = path
    guard !stamps.isEmpty else {
      throw .cannotBuild(
        what: "stamps",
        reason: "\(path) holds no PNG picture with a text file beside it. Install "
          + "tuxpaint-stamps-default again, or check XLING_STAMPS.")
    }
  }

  /// One text for each stamp: its name and what its two files hold. Throws `FileFailure`.
  func fingerprints() throws -> [String] {
    try concurrently(stamps, grain: 16) { stamp in
      let hashes = try ["png", "txt"].map {
        Digest.of(try AtomicFile.read("\(path)/\(stamp).\($0)"))
      }
      return ([stamp] + hashes).joined(separator: " ")
    }
  }
}

/// Turns stamps into pictures of one size with their captions.
struct StampPictures: Sendable {
  let folder: StampFolder
  /// Side of the pictures in pixels: what most published image towers read.
  static let side = 224
  /// Share of the side that the longer side of a stamp takes, as in `emoji`.
  static let share = 0.9

  func write(_ stamp: String, into target: String) throws -> Dataset.Item {
    let captions = try StampCaptions.read("\(folder.path)/\(stamp).txt")
    let picture = try RGBAPicture.load(png: "\(folder.path)/\(stamp).png").onWhite()
    let name = stamp.replacingOccurrences(of: "/", with: "_") + ".jpg"
    try DatasetBuilder.write(Self.centred(picture), name, into: target)
    return Dataset.Item(
      image: name, split: Self.split(captions["en"] ?? stamp),
      captions: captions.mapValues { [$0] }, concepts: [], isHeldOut: false)
  }

  /// About 70/10/20 by a stable hash of the English caption, so that stamps of one caption are in one
  /// split.
  static func split(_ caption: String) -> Split {
    switch Digest.key("stamps/split/" + caption) % 10 {
    case 0..<7: .train
    case 7: .val
    default: .test
    }
  }

  /// The picture in the middle of a white square, its sides to scale.
  private static func centred(_ picture: Picture) -> Picture {
    let scale = Double(side) * share / Double(max(picture.width, picture.height))
    let (width, height) = (
      max(1, Int((Double(picture.width) * scale).rounded())),
      max(1, Int((Double(picture.height) * scale).rounded()))
    )
    let small = picture.resized(width: width, height: height)
    var square = Picture(width: side, height: side, red: 255, green: 255, blue: 255)
    let (left, top) = ((side - width) / 2, (side - height) / 2)
    for row in 0..<height {
      let start = ((top + row) * side + left) * 3
      square.pixels.replaceSubrange(
        start..<start + width * 3, with: small.pixels[row * width * 3..<(row + 1) * width * 3])
    }
    return square
  }
}
