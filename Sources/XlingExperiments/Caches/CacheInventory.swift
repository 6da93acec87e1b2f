import Foundation
import GRDB
import XlingCore

/// One thing that is kept beside a store so that it is not computed again.
public struct KeptCache: Codable, Sendable, Equatable {
  public enum Kind: String, Codable, Sendable {
    /// Of captions and pictures, in the common space of one model.
    case embeddings
    /// Pooled vectors of a wholly frozen tower.
    case features
    /// States that enter the lowest trained layer of a tower.
    case trunk
  }

  public let kind: Kind
  /// A file of SQLite, or a trunk's folder.
  public let path: String
  /// Of the model, tower or trunk, in hexadecimal.
  public let hash: String
  /// Of a trunk: its side, layers and tower's folder.
  public let about: TrunkDescription?
  public let entries: Int
  public let bytes: Int
  public let lastUse: Date
}

/// Everything that is kept beside a store.
public struct CacheInventory: Sendable {
  public let store: String

  public init(besideStore store: String) { self.store = store }

  private var databases: [(EmbeddingCache.Content, String)] {
    EmbeddingCache.Content.allCases.map {
      ($0, EmbeddingCache.path(besideStore: store, $0))
    }.filter { FileManager.default.fileExists(atPath: $0.1) }
  }

  /// Folders of trunks, by name.
  public var trunks: [String] {
    let root = StateCache.root(besideStore: store)
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return names.filter { $0.count == 64 && $0.allSatisfy(\.isHexDigit) }.sorted().map {
      root + "/" + $0
    }
  }

  /// What trunks are of, those that can be read.
  public var trunkDescriptions: [TrunkDescription] {
    trunks.compactMap { try? TrunkDescription.read($0) }
  }

  /// Throws ``ExperimentFailure``.
  public func list() throws -> [KeptCache] {
    try databases.flatMap { content, path in
      try EmbeddingCache(reading: path).models().map { model in
        KeptCache(
          kind: content == .embeddings ? .embeddings : .features, path: path, hash: model.hash,
          about: nil, entries: model.entries, bytes: model.bytes, lastUse: Self.lastUse(path))
      }
    }
      + trunks.map { folder in
        KeptCache(
          kind: .trunk, path: folder, hash: PathParts.name(of: folder),
          about: try? TrunkDescription.read(folder), entries: StateCache.entries(in: folder),
          bytes: Self.bytes(of: folder),
          lastUse: Self.lastUse(folder + "/" + TrunkDescription.file))
      }
  }

  /// What is wrong with each, by path; empty lists where all is whole. Findings that begin with `note:` are
  /// no damage. Reads everything.
  public func verify() -> [(path: String, problems: [String])] {
    databases.map { _, path in
      do { return (path, try EmbeddingCache(reading: path).check()) } catch {
        return (path, ["\(error)"])
      }
    } + trunks.map { ($0, StateCache.problems(in: $0)) }
  }

  /// Drops what is damaged; returns how many rows, records and entries that were. Throws
  /// ``ExperimentFailure``, `FileFailure`.
  public func repair() throws -> Int {
    try databases.reduce(0) { try $0 + EmbeddingCache(path: $1.1).dropDamaged() }
      + trunks.reduce(0) { try $0 + StateCache.dropDamaged(in: $1) }
  }

  /// What was removed, and what was not since it is in use.
  public struct Pruned: Codable, Sendable, Equatable {
    public var removed: [String] = []
    public var bytes = 0
    public var inUse: [String] = []
  }

  /// Removes what was used last before `date`, and then what was used longest ago until no more than `limit`
  /// bytes are left. Throws ``ExperimentFailure``, `FileFailure`.
  public func prune(usedBefore date: Date?, limit: Int?) throws -> Pruned {
    let files = databases.map(\.1).map { ($0, Self.lastUse($0), Self.bytes(ofFile: $0)) }
    let folders = trunks.map {
      ($0, Self.lastUse($0 + "/" + TrunkDescription.file), Self.bytes(of: $0))
    }
    let all = (files + folders).filter { $0.2 > 0 }.sorted { ($0.1, $0.0) < ($1.1, $1.0) }
    var left = all.reduce(0) { $0 + $1.2 }
    var pruned = Pruned()
    for (path, used, bytes) in all {
      let isOld = date.map { used < $0 } ?? false
      guard isOld || (limit.map { left > $0 } ?? false) else { continue }
      if path.hasSuffix(".sqlite") {
        guard try EmbeddingCache(path: path).clear() > 0 else { continue }
      } else if try !StateCache.remove(path) {
        pruned.inUse.append(path)
        continue
      }
      left -= bytes
      pruned.removed.append(path)
      pruned.bytes += bytes
    }
    return pruned
  }
}

// Sizes and times of files.
extension CacheInventory {
  /// Of all files in a folder and below; 0 where there is none.
  public static func bytes(of folder: String) -> Int {
    let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
    return names.reduce(0) { sum, name in
      guard let status = status(folder + "/" + name), status.st_mode & S_IFMT == S_IFREG else {
        return sum
      }
      return sum + Int(status.st_size)
    }
  }

  /// With its write-ahead log.
  static func bytes(ofFile path: String) -> Int {
    ["", "-wal"].reduce(0) { $0 + Int(status(path + $1)?.st_size ?? 0) }
  }

  /// Bytes that may still be written where a folder is, or will be made.
  public static func free(at path: String) -> Int {
    var place = path
    var status = statvfs()
    while statvfs(place, &status) != 0 {
      guard place != "/", place != "." else { return 0 }
      place = PathParts.folder(of: place)
    }
    let (bytes, isTooMany) = Int(clamping: status.f_bavail)
      .multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
    return isTooMany ? .max : bytes
  }

  /// When a file was read or written last, as far as its file system notes it.
  static func lastUse(_ path: String) -> Date {
    let times = ["", "-wal"].compactMap { status(path + $0) }.flatMap {
      [$0.st_atim, $0.st_mtim]
    }
    let latest = times.map { Double($0.tv_sec) + Double($0.tv_nsec) / 1e9 }.max() ?? 0
    return Date(timeIntervalSince1970: latest)
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return lstat(path, &status) == 0 ? status : nil
  }
}
