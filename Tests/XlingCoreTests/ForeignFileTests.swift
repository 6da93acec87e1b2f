import Foundation
import Testing
import XlingTestSupport

@testable import XlingCore

/// First bytes by the formats' own documents: Git LFS's pointer specification, ISO 14496-12 with the brands
/// of HEIF and AVIF, APPNOTE, NEP 1, POSIX tar.
@Suite struct ForeignFileTests {
  private static func box(_ brands: [String]) -> [UInt8] {
    let size = UInt8(16 + 4 * (brands.count - 1))
    return [0, 0, 0, size] + Array("ftyp".utf8) + Array(brands[0].utf8) + [0, 0, 0, 0]
      + brands.dropFirst().flatMap { Array($0.utf8) }
  }

  private static let table: [(bytes: [UInt8], found: ForeignFile?)] = [
    (
      Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n".utf8), .lfsPointer
    ),
    (Array("version https://example.org is no pointer".utf8), nil),
    (Array("/annex/objects/MD5E-s1--0.jpg\n".utf8), .annexPointer),
    (Array("\n  <!DOCTYPE html><html>".utf8), .html),
    ([0xEF, 0xBB, 0xBF] + Array("<HTML><head>".utf8), .html),
    (Array("<?xml version=\"1.0\"?><Error><Code>AccessDenied".utf8), .xml),
    (Array("<?xml version=\"1.0\"?>\n<svg width=\"1\">".utf8), .svg),
    (Array("<s> is a token".utf8), nil),
    ([0x50, 0x4B, 3, 4, 0x14, 0], .zip), ([0x1F, 0x8B, 8, 0], .gzip),
    ([UInt8](repeating: 0x61, count: 257) + Array("ustar\0".utf8), .tar),
    (box(["heic", "mif1", "heic"]), .heic), (box(["mif1", "heic"]), .heic),
    (box(["avif", "mif1", "miaf"]), .avif), (box(["mif1", "avif", "miaf"]), .avif),
    (box(["mif1", "miaf"]), .heic), (box(["isom", "mp42"]), .video),
    ([0, 0, 0, 0x18] + Array("ftyp".utf8), nil),
    ([0, 5, 0x16, 7, 0, 2, 0, 0], .appleDouble),
    ([0x93] + Array("NUMPY".utf8), .numpy),
    ([8, 0, 0, 0, 0, 0, 0, 0] + Array("{\"a\":{}}".utf8), .safetensors),
    ([0xFF, 0xFE, 0x61, 0], .utf16), ([0xFF, 0xFE, 0, 0], .utf32), ([0xFE, 0xFF, 0, 0x61], .utf16),
    (Array("image,caption\n".utf8), nil), (Array("{\"images\": []}".utf8), nil), ([], nil),
  ]

  @Test func firstBytesTell() {
    for (bytes, found) in Self.table {
      #expect(ForeignFile(head: bytes) == found, "\(bytes.prefix(12))")
    }
  }

  /// Whatever is cut off anywhere is told, or is nothing; never a trap.
  @Test func startsOfEveryLengthAreRead() {
    for (bytes, found) in Self.table {
      for count in 0..<bytes.count {
        let part = ForeignFile(head: bytes.prefix(count))
        #expect(part == nil || part == found || [.utf16, .heic, .video, .xml].contains(part))
      }
    }
  }

  @Test func everyKindIsWorded() {
    #expect(Set(ForeignFile.allCases.map(\.words)).count == ForeignFile.allCases.count)
    for kind in ForeignFile.allCases { #expect(kind.advice.hasSuffix(".") || kind == .appleDouble) }
    let failure = ForeignFileFailure(path: "a.jpg", expected: "a picture", found: .lfsPointer)
    #expect(failure.exitStatus == .badData)
    #expect(
      failure.description == "a.jpg: expected a picture, found a Git LFS pointer, a text of three "
        + "lines in place of the file. Fetch the file itself: git lfs pull, in the clone.")
  }

  @Test func leftovers() {
    for name in ["._a.jpg", ".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX"] {
      #expect(FolderNames.isLeftover(name))
    }
    #expect(!["a.jpg", "_a", "thumbs.jpg"].contains(where: FolderNames.isLeftover))
  }
}
