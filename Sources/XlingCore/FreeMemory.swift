import Foundation

/// How much memory a process can still take.
public enum FreeMemory {
  /// Bytes; the least of what the machine, the process's control groups (version 2) and its limit of the address
  /// space leave. Swap counts: slow, but no end. nil where the system says nothing.
  public static func bytes() -> Int? {
    [machine(), groups().min(), addressSpace()].compactMap { $0 }.min()
  }

  private static func machine() -> Int? {
    let table = keyed(text("/proc/meminfo"))
    return table["MemAvailable"].map { $0 + (table["SwapFree"] ?? 0) }
  }

  /// Of the process's own group and each above it.
  private static func groups() -> [Int] {
    guard
      let line = text("/proc/self/cgroup").split(separator: "\n").first(where: {
        $0.hasPrefix("0::")
      })
    else { return [] }
    var path = String(line.dropFirst(3))
    var free: [Int] = []
    while true {
      let folder = "/sys/fs/cgroup" + (path == "/" ? "" : path)
      if let most = number(folder + "/memory.max"), let used = number(folder + "/memory.current") {
        // Cached files are given back when memory is asked for.
        let cached = keyed(text(folder + "/memory.stat"), unit: 1)["inactive_file"] ?? 0
        free.append(max(0, most - used + cached))
      }
      guard path != "/", !path.isEmpty else { return free }
      path = (path as NSString).deletingLastPathComponent
    }
  }

  private static func addressSpace() -> Int? {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0,
      limit.rlim_cur != rlim_t.max
    else { return nil }
    let used = keyed(text("/proc/self/status"))["VmSize"] ?? 0
    return max(0, Int(clamping: limit.rlim_cur) - used)
  }

  private static func text(_ path: String) -> String {
    FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  private static func number(_ path: String) -> Int? {
    Int(text(path).trimmingCharacters(in: .whitespacesAndNewlines))
  }

  /// `Name: 12 kB`, or `name 12`, a line each, in bytes.
  private static func keyed(_ text: String, unit: Int = 1024) -> [String: Int] {
    var table: [String: Int] = [:]
    for line in text.split(separator: "\n") {
      let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == ":" })
      guard words.count > 1, let value = Int(words[1]) else { continue }
      table[String(words[0])] = value * unit
    }
    return table
  }
}
