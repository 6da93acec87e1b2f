import Foundation
import XlingCore

/// A line of `log.jsonl`; `seconds` is the only field that differs between equal runs.
public struct LoggedStep: Codable, Sendable, Equatable {
  /// Updates made.
  public let step: Int
  public let loss: Float
  public let rate: Double
  public let temperature: Float
  public let seconds: Double
  public let validation: ValidationPoint?
}

extension RunFolder {
  var log: String { path + "/log.jsonl" }

  /// What was logged so far, in order; a line cut short by a kill is left out. Throws `FileFailure`.
  public func loggedSteps() throws -> [LoggedStep] {
    try AtomicFile.read(log).split(separator: 0x0A).compactMap {
      try? JSONDecoder().decode(LoggedStep.self, from: Data($0))
    }
  }
}

/// `log.jsonl`: one JSON object a logged step.
final class TrainingLog {
  private let path: String
  private let file: FileHandle

  /// Opens the log and drops what an interrupted session logged behind its last checkpoint.
  init(_ path: String, keepingUpTo step: Int) throws {
    var kept = Data()
    if let old = FileManager.default.contents(atPath: path) {
      for line in old.split(separator: 0x0A) {
        // A line cut short by a kill does not parse and is dropped too.
        guard let parsed = try? JSONDecoder().decode(LoggedStep.self, from: Data(line)),
          parsed.step <= step
        else { continue }
        kept += line + [0x0A]
      }
    }
    try AtomicFile.write(kept, to: path)
    guard let file = FileHandle(forWritingAtPath: path) else {
      throw FileFailure.cannotWrite(path: path, reason: "it cannot be opened")
    }
    self.path = path
    self.file = file
    _ = try file.seekToEnd()
  }

  deinit { try? file.close() }

  func append(_ progress: TrainingProgress) throws {
    let line = LoggedStep(
      step: progress.step, loss: progress.loss, rate: progress.rate,
      temperature: progress.temperature, seconds: progress.seconds,
      validation: progress.validation)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      try file.write(contentsOf: try encoder.encode(line) + [0x0A])
    } catch {
      throw FileFailure.cannotWrite(path: path, reason: SystemWords.reason(of: error))
    }
  }
}
