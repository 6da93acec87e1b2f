import Foundation
import Testing
import XlingCore
import XlingTestSupport

@testable import XlingData

/// Nothing leads out of the folders that data are in.
@Suite struct EnclosureTests {
  let folder: TemporaryFolder

  init() throws {
    folder = try TemporaryFolder()
    try AtomicFile.createFolder(folder.path + "/photos/inner")
    for name in ["secret.png", "photos/a.png"] {
      try AtomicFile.write(
        try Picture(width: 4, height: 4, pixels: [UInt8](repeating: 9, count: 48)).png(),
        to: folder.path + "/" + name)
    }
    symlink("../secret.png", folder.path + "/photos/link.png")
    symlink("..", folder.path + "/photos/door")
  }

  private func importing(_ name: String, follow: Bool = false) throws -> String {
    let list = folder.path + "/list.json"
    try AtomicFile.write(#"[{"image": "\#(name)", "caption": "x"}]"#, to: list)
    let output = folder.path + "/made"
    _ = try DatasetImport(
      layout: LilTLayout(), files: [(list, .test)], images: folder.path + "/photos",
      language: "en", followsLinks: follow
    ).run(into: output)
    return output
  }

  @Test(arguments: [
    "../secret.png", "inner/../../secret.png", "/etc/passwd", "link.png", "door/secret.png",
    "inner",
  ])
  func namesThatLeadOut(name: String) throws {
    let error = #expect(throws: DataFailure.self) { try importing(name) }
    #expect(error?.exitStatus == .badData)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/made"))
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!names.contains { $0.contains(".partial-") })
  }

  @Test func linksOfImports() throws {
    let made = try importing("link.png", follow: true)
    #expect(try Dataset.load(made).items.count == 1)
    // A link that the import did not make.
    unlink(made + "/images/link.png")
    symlink(folder.path + "/secret.png", made + "/images/link.png")
    let error = #expect(throws: DataFailure.self) { try Dataset.load(made) }
    #expect(error?.description.contains("--follow-links") == true)
    #expect(try Dataset.load(made, followingLinks: true).items.count == 1)
    // Without a manifest only links are followed that an earlier import may have made.
    unlink(made + "/import.json")
    #expect(throws: DataFailure.self) { try Dataset.load(made) }
    unlink(made + "/images/link.png")
    symlink(folder.path + "/photos/link.png", made + "/images/link.png")
    #expect(try Dataset.load(made).items.count == 1)
  }

  @Test func noFileForAPicture() throws {
    let made = try importing("a.png")
    unlink(made + "/images/a.png")
    mkfifo(made + "/images/a.png", 0o600)
    let error = #expect(throws: DataFailure.self) { try Dataset.load(made) }
    #expect(error?.description.contains("found a FIFO") == true)
  }

  @Test func nothingToImport() throws {
    let list = folder.path + "/none.json"
    try AtomicFile.write("[]", to: list)
    let error = #expect(throws: DataFailure.self) {
      try DatasetImport(
        layout: LilTLayout(), files: [(list, .test)], images: ".", language: "en"
      ).run(into: folder.path + "/made")
    }
    #expect(error?.exitStatus == .badData)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/made"))
  }

  @Test func whatADeadImportLeftIsRemoved() throws {
    // No process has the largest number.
    let stale = folder.path + "/made.partial-\(Int32.max)"
    try AtomicFile.createFolder(stale)
    _ = try importing("a.png")
    #expect(!FileManager.default.fileExists(atPath: stale))
  }
}
