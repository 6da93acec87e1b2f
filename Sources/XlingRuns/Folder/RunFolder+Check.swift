import Foundation
import XlingCore
import XlingTowers

extension RunFolder {
  /// What is wrong with the run's files, a sentence each, with the file: records that cannot be read, files
  /// whose SHA-256 is not the one kept beside them, towers that changed. What a run of an earlier version
  /// has no sums of begins with `note: `. Empty where all is well.
  public func check() -> [String] {
    var problems: [String] = []
    func note(_ body: () throws -> Void) {
      do { try body() } catch { problems.append("\(error)") }
    }
    var isFinished = false
    note {
      let record = try self.record()
      isFinished = record.isFinished
      for source in [record.identity.text, record.identity.image] {
        note { try source.verify(anew: true) }
      }
    }
    if isFinished { problems += Self.check(path, of: ["model.safetensors"]) }
    if let checkpoint = latestCheckpoint() {
      note { _ = try CheckpointState(from: checkpoint) }
      problems += Self.check(checkpoint, of: ["model.safetensors", "optimizer.safetensors"])
    }
    let best = checkpoints + "/" + Self.best
    if FileManager.default.fileExists(atPath: best) {
      problems += Self.check(best, of: ["model.safetensors"])
    }
    return problems
  }

  /// The files that a folder has sums of, and those that it needs.
  static func check(_ folder: String, of needed: [String]) -> [String] {
    var problems: [String] = []
    do {
      let sums = try ContentSums.sums(of: folder)
      for name in Set(needed + sums.keys).sorted() {
        do {
          if name.hasSuffix(".safetensors") { _ = try Safetensors(path: folder + "/" + name) }
          if try !ContentSums.check(folder + "/" + name) {
            problems.append(
              "note: \(folder)/\(name) has no SHA-256 in SHA256SUMS beside it: an earlier version kept "
                + "none")
          }
        } catch { problems.append("\(error)") }
      }
    } catch { problems.append("\(error)") }
    return problems
  }

  /// Removes what dead processes left half written, unless another process works in the folder.
  func sweep() {
    guard !FileLock.isHeld(folder: path) else { return }
    FileLock.sweep(folder: path)
    removePartials()
  }

  /// Removes what dead processes left half written; for whoever holds the folder's lock.
  public func removePartials() {
    for folder in [path, checkpoints, checkpoints + "/" + Self.best] {
      Partials.sweep(folder: folder)
    }
  }
}
