import ArgumentParser
import Foundation
import XlingCore
import XlingExperiments

struct CacheListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "What is kept, of which model or tower, how much, and used when."
  )

  @OptionGroup var store: StoreOption

  @OptionGroup var json: JSONOption

  private struct Report: Encodable {
    let schema = "xling.cache/1"
    let store: String
    let bytes: Int
    let caches: [KeptCache]
  }

  func run() throws {
    let path = try store.existing().path
    let caches = try CacheInventory(besideStore: path).list()
    let bytes = caches.reduce(0) { $0 + $1.bytes }
    guard !json.isAsked else {
      print(try JSONText.encode(Report(store: path, bytes: bytes, caches: caches)))
      return
    }
    guard !caches.isEmpty else {
      print("nothing is kept beside \(path)")
      return
    }
    print((caches.map(Self.line) + ["together \(ByteSize.text(bytes))"]).joined(separator: "\n"))
  }

  private static func line(_ cache: KeptCache) -> String {
    let what =
      cache.about.map {
        "\($0.side) tower \(TerminalText.visible(PathParts.name(of: $0.tower))), "
          + "\($0.depth) of \($0.layers) layers, \($0.precision)"
      } ?? (cache.kind == .features ? "frozen tower" : "model")
    let used = ISO8601DateFormatter().string(from: cache.lastUse)
    return "\(cache.kind.rawValue)  \(cache.hash.prefix(12))  \(what)  \(cache.entries) entries  "
      + "\(ByteSize.text(cache.bytes))  used \(used)"
  }
}
