import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRuns

/// A run, store, cache or dataset, and what `xling check` found of it.
struct CheckedThing: Encodable {
  enum Kind: String, Encodable { case run, classifier, store, embeddings, features, trunk, data }

  let kind: Kind
  let path: String
  /// What is damaged or missing, each with its file; empty when it is whole.
  let problems: [String]
  /// What could not be checked, and why.
  let notes: [String]

  private init(_ kind: Kind, _ path: String, _ problems: [String], _ notes: [String] = []) {
    (self.kind, self.path, self.problems, self.notes) = (kind, path, problems, notes)
  }

  /// Findings as stores and runs tell them: a note begins with that word.
  private init(_ kind: Kind, _ path: String, _ check: () throws -> [String]) {
    let start = "note: "
    do {
      let found = try check()
      self.init(
        kind, path, found.filter { !$0.hasPrefix(start) },
        found.filter { $0.hasPrefix(start) }.map { String($0.dropFirst(start.count)) })
    } catch {
      self.init(kind, path, ["\(error)"])
    }
  }

  static func run(_ folder: String) -> CheckedThing {
    CheckedThing(.run, folder) { RunFolder(folder).check() }
  }

  static func classifier(_ folder: String) -> CheckedThing {
    CheckedThing(.classifier, folder) { FinetuneFolder(folder).check() }
  }

  /// A store, or what is kept beside one.
  static func store(_ path: String) -> CheckedThing {
    let content = EmbeddingCache.Content.allCases.first {
      path.hasSuffix(".\($0.rawValue).sqlite")
    }
    guard let content else {
      return CheckedThing(.store, path) { try ExperimentStore(reading: path).check() }
    }
    return CheckedThing(content == .embeddings ? .embeddings : .features, path) {
      try EmbeddingCache(reading: path).check()
    }
  }

  /// A store, and the embeddings, vectors of frozen towers and states of trunks beside it.
  static func storeAndEmbeddings(_ path: String) -> [CheckedThing] {
    let beside = EmbeddingCache.Content.allCases.map {
      EmbeddingCache.path(besideStore: path, $0)
    }
    return [store(path)]
      + beside.filter { $0 != path && FileManager.default.fileExists(atPath: $0) }.map(store)
      + CacheInventory(besideStore: path).trunks.map { folder in
        CheckedThing(.trunk, folder) { StateCache.problems(in: folder) }
      }
  }

  /// Every run of a store; one whose folder is gone is told, and is no damage.
  static func runs(of path: String) -> [CheckedThing] {
    let runs = (try? ExperimentStore(reading: path).runs()) ?? []
    return runs.map { stored in
      RunFolder(stored.folder).exists
        ? run(stored.folder)
        : CheckedThing(
          .run, stored.folder, [], ["the folder of run '\(stored.name)' is not there any more"])
    }
  }

  /// A published test set: what `xling data check` looks at, and every picture decoded.
  static func data(_ card: DatasetCard, root: String) -> CheckedThing {
    let check = DatasetCheck(card, root: root)
    var problems = check.problems
    if check.isComplete {
      do {
        problems += try card.load(root: root).unreadablePictures()
      } catch {
        problems.append("\(error)")
      }
    }
    return CheckedThing(.data, check.root, problems, check.notes)
  }

  /// A folder in the generic layout: captions parse, every picture opens and decodes.
  static func data(_ folder: String) -> CheckedThing {
    CheckedThing(.data, folder) { try Dataset.load(folder).unreadablePictures() }
  }

  /// Whether SQLite made this file; a store's own words come from opening it.
  static func isDatabase(_ path: String) -> Bool {
    guard let handle = FileHandle(forReadingAtPath: path) else { return false }
    defer { try? handle.close() }
    return (try? handle.read(upToCount: 16)) == Data("SQLite format 3\0".utf8)
  }
}
