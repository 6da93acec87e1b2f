import Foundation
import XlingCore
import XlingTensor

/// How fast products are on the machine that a budget of seconds is of: measured once, kept in the study's folder,
/// and from then on part of the study, whose plan changes no more. Whoever does a share elsewhere takes the file
/// along.
struct StudySpeed: Codable, Equatable {
  static let current = "xling.study-speed/1"
  var schema = current
  /// Multiplications and additions a second, by precision.
  var operationsPerSecond: [String: Double]
  var host: String
  var threads: Int

  static func path(_ folder: String) -> String { folder + "/speed.json" }

  /// What the folder has, or what is measured now and kept there. Throws `FileFailure`, `JSONFailure`,
  /// `InterruptionFailure`.
  static func kept(in folder: String, _ precisions: Set<Precision>) throws -> StudySpeed {
    let path = path(folder)
    if let known = try read(path), known.has(precisions) { return known }
    let lock = try FileLock.awaiting(output: path)
    defer { lock.release() }
    var speed =
      try read(path)
      ?? StudySpeed(
        operationsPerSecond: [:], host: ProcessInfo.processInfo.hostName,
        threads: Parallel.threads)
    for precision in precisions where speed.operationsPerSecond[precision.rawValue] == nil {
      speed.operationsPerSecond[precision.rawValue] = measure(precision)
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try AtomicFile.write(try encoder.encode(speed) + Data("\n".utf8), to: path)
    return speed
  }

  private static func read(_ path: String) throws -> StudySpeed? {
    guard FileManager.default.fileExists(atPath: path) else { return nil }
    let speed = try JSONFile.decode(StudySpeed.self, from: path)
    guard speed.schema == current, speed.operationsPerSecond.values.allSatisfy({ $0 > 0 }) else {
      throw JSONFailure.broken(
        path: path, place: "expected schema \(current) and speeds above 0, found others")
    }
    return speed
  }

  private func has(_ precisions: Set<Precision>) -> Bool {
    precisions.allSatisfy { operationsPerSecond[$0.rawValue] != nil }
  }

  /// The median of several, since others compute meanwhile.
  private static func measure(_ precision: Precision) -> Double {
    let speeds = (0..<9).map { _ in TrainingDuration.operationsPerSecond(precision) }
    return speeds.sorted()[4]
  }
}
