import Foundation

/// Names one process so that anybody can tell later whether it is still alive: its number alone is given
/// to others again, after a restart of the machine at the latest.
public struct ProcessMark: Sendable, Equatable, Codable, CustomStringConvertible {
  public let process: Int32
  /// The kernel's random name of this boot.
  public let boot: String
  /// When the process began, in clock ticks since the boot; 0 where the system does not say.
  public let start: UInt64

  public static let current = ProcessMark(
    process: getpid(), boot: bootName(), start: start(of: getpid()))

  public init(process: Int32, boot: String, start: UInt64) {
    self.process = process
    self.boot = boot
    self.start = start
  }

  /// `PROCESS START BOOT`, as it is stored.
  public var description: String { "\(process) \(start) \(boot)" }

  /// What ``description`` wrote; nil for anything else.
  public init?(_ text: String) {
    let parts = text.split(separator: " ")
    guard parts.count == 3, let process = Int32(parts[0]), let start = UInt64(parts[1]) else {
      return nil
    }
    self.init(process: process, boot: String(parts[2]), start: start)
  }

  public var isAlive: Bool {
    guard boot == Self.bootName(), Self.isAlive(process) else { return false }
    let now = Self.start(of: process)
    return start == 0 || now == 0 || now == start
  }

  /// Whether some process has that number now, whoever it belongs to.
  public static func isAlive(_ process: Int32) -> Bool {
    process > 0 && (kill(process, 0) == 0 || errno == EPERM)
  }

  private static func bootName() -> String {
    let text =
      (try? String(contentsOfFile: "/proc/sys/kernel/random/boot_id", encoding: .utf8)) ?? ""
    let name = text.trimmingCharacters(in: .whitespacesAndNewlines)
    return name.isEmpty ? "unknown" : name
  }

  /// Field 22 of /proc/PID/stat; the command's name before it is in brackets and may hold anything.
  private static func start(of process: Int32) -> UInt64 {
    guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
      let bracket = text.lastIndex(of: ")")
    else { return 0 }
    let fields = text[text.index(after: bracket)...].split(separator: " ")
    return fields.count > 19 ? UInt64(fields[19]) ?? 0 : 0
  }
}
