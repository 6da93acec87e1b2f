import Foundation
import XlingCore

extension StateCache {
  /// Every segment that can be read, and what is wrong with the others.
  private static func opened(
    _ folder: String
  ) throws -> (trunk: [UInt8], segments: [StateSegment], problems: [String]) {
    let trunk = try TrunkDescription.read(folder).hashBytes
    var (opened, problems): ([StateSegment], [String]) = ([], [])
    for name in segments(in: folder) {
      do {
        opened.append(try StateSegment(reading: folder + "/" + name, trunk: trunk))
      } catch { problems.append("\(error)") }
    }
    return (trunk, opened, problems)
  }

  /// Entries of a folder, those of one content counted once.
  static func entries(in folder: String) -> Int {
    let segments = (try? opened(folder).segments) ?? []
    return Set(segments.flatMap { $0.newEntries().map(\.key) }).count
  }

  /// What is wrong with a trunk's folder; empty where every record is as it was written. Reads all of it.
  public static func problems(in folder: String) -> [String] {
    let found: (trunk: [UInt8], segments: [StateSegment], problems: [String])
    do { found = try opened(folder) } catch { return ["\(error)"] }
    return found.problems
      + found.segments.flatMap { segment -> [String] in
        let entries = segment.newEntries()
        let damaged = entries.count - whole(entries, in: segment).count
        return [
          (damaged, "records", ".states"), (segment.damagedEntries, "entries", ".index"),
        ].compactMap { count, what, ending in
          count == 0
            ? nil
            : "\(segment.path)\(ending): \(count) \(what) are not as they were written (checksum)"
        }
      }
  }

  /// Those whose record has its checksum.
  private static func whole(
    _ entries: [StateIndex.Entry], in segment: StateSegment
  ) -> [StateIndex.Entry] {
    segment.map(entries)
    var isWhole = [Bool](repeating: false, count: entries.count)
    isWhole.withUnsafeMutableBufferPointer { isWhole in
      // Each place is one thread's.
      nonisolated(unsafe) let isWhole = isWhole
      Parallel.ranges(entries.count, grain: 1) { range in
        for index in range {
          let count = Int(entries[index].count)
          withUnsafeTemporaryAllocation(of: Float.self, capacity: count) { room in
            guard let base = room.baseAddress else { return }
            isWhole[index] = segment.copy(entries[index], into: base)
          }
        }
      }
    }
    return zip(entries, isWhole).filter(\.1).map(\.0)
  }

  /// Drops entries of damaged records, damaged entries, and files of records that cannot be read; returns how
  /// many. Files that another process writes to stay. Throws `FileFailure`.
  static func dropDamaged(in folder: String) throws -> Int {
    let trunk: [UInt8]
    do { trunk = try TrunkDescription.read(folder).hashBytes } catch {
      return try remove(folder) ? 1 : 0
    }
    var dropped = 0
    for name in segments(in: folder) {
      let path = folder + "/" + name
      guard let segment = try? StateSegment(reading: path, trunk: trunk) else {
        unlink(path + ".index")
        unlink(path + ".states")
        dropped += 1
        continue
      }
      if segment.isLive { continue }
      let entries = segment.newEntries()
      let kept = whole(entries, in: segment)
      let bad = entries.count - kept.count + segment.damagedEntries
      guard bad > 0 else { continue }
      dropped += bad
      let index = kept.reduce(into: StateIndex.head(of: trunk)) {
        $0 += StateIndex.encode($1, trunk: trunk)
      }
      try AtomicFile.write(Data(index), to: path + ".index")
    }
    return dropped
  }

  /// Removes a trunk's folder with all that is in it; false where a process uses it. Throws `FileFailure`.
  static func remove(_ folder: String) throws -> Bool {
    let lock = open(folder + "/" + TrunkDescription.file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    defer { if lock >= 0 { close(lock) } }
    if lock >= 0, flock(lock, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK { return false }
    do { try FileManager.default.removeItem(atPath: folder) } catch {
      throw FileFailure.cannotWrite(path: folder, reason: SystemWords.reason(of: error))
    }
    return true
  }
}
