import Foundation

/// Reference results of other frameworks. `XLING_PARITY_FIXTURES` names a folder of sets (`towers/`,
/// `nn/`, …); without it the project's own set is read (made by `scripts/generate_goldens.py`), and
/// `../shared/fixtures/parity` as well where it exists.
public enum ParityFixtures {
  public static let roots: [String] = {
    if let given = ProcessInfo.processInfo.environment["XLING_PARITY_FIXTURES"], !given.isEmpty {
      return [given]
    }
    let shared = "fixtures/parity"
    return [Fixtures.path("parity")] + (SharedData.exists(shared) ? [SharedData.path(shared)] : [])
  }()

  /// The folders of one set in all roots that hold `file`, sorted.
  public static func folders(in set: String, holding file: String) -> [ParityFolder] {
    roots.flatMap { root -> [ParityFolder] in
      let place = root + "/" + set
      let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
      return names.sorted().map { ParityFolder(path: place + "/" + $0) }
        .filter { $0.has(file) }
    }
  }

  /// The first root that has a set; nil where none does.
  public static func root(of set: String) -> String? {
    roots.map { $0 + "/" + set }.first { FileManager.default.fileExists(atPath: $0) }
  }
}

/// One model with its inputs and what is expected of it.
public struct ParityFolder: Sendable, CustomStringConvertible {
  public let path: String

  public init(path: String) { self.path = path }

  public var name: String { URL(fileURLWithPath: path).lastPathComponent }
  public var description: String { name }

  public func file(_ name: String) -> String { path + "/" + name }
  public func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: file(name)) }

  /// A folder beside this one.
  public func sibling(_ name: String) -> ParityFolder {
    ParityFolder(
      path: URL(fileURLWithPath: path).deletingLastPathComponent().path + "/" + name)
  }
}
