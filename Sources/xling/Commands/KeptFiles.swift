import Foundation
import XlingAlignment
import XlingCore
import XlingExperiments

/// What is wrong with what other modules keep, a sentence each with the file's name; what could not be
/// checked begins with `note: `. Empty where all is whole.
enum KeptFiles {
  /// Every folder of a run against the sums kept in it, the record, and the towers it was trained on.
  static func problems(ofRun folder: String) -> [String] {
    var problems: [String] = []
    func note(_ body: () throws -> Void) {
      do { try body() } catch { problems.append("\(error)") }
    }
    var weights = ["model.safetensors"]
    note {
      let record = try RunFolder(folder).record()
      if !record.isFinished { weights = [] }
      for source in [record.identity.text, record.identity.image] { note { try source.verify() } }
    }
    problems += Self.problems(of: folder, needed: weights)
    let checkpoints = folder + "/checkpoints"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: checkpoints)) ?? []
    for name in names.sorted() where !name.contains(".partial-") {
      problems += Self.problems(of: checkpoints + "/" + name, needed: ["model.safetensors"])
    }
    return problems
  }

  private static func problems(of folder: String, needed: [String]) -> [String] {
    let sums: [String: String]
    do { sums = try ContentSums.sums(of: folder) } catch { return ["\(error)"] }
    return Set(needed + sums.keys).sorted().compactMap { name in
      do {
        if try ContentSums.check(folder + "/" + name) { return nil }
        guard FileManager.default.fileExists(atPath: folder + "/" + name) else {
          return "\(folder)/\(name) is missing"
        }
        return "note: \(folder)/\(name) was written by an earlier version, which kept no hash"
      } catch { return "\(error)" }
    }
  }

  static func problems(ofStore path: String) throws -> [String] {
    _ = try ExperimentStore(path: path).runs()
    return []
  }

  static func problems(ofEmbeddings path: String) throws -> [String] {
    _ = try EmbeddingCache(path: path)
    return []
  }
}
