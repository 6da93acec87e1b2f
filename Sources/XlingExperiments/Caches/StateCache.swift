import Foundation
import Synchronization
import XlingCore

/// The states of one trunk in a folder of its own beside a store: who made them, `trunk.json`, and a file of
/// records for each process that made some. Any number of processes read and write it at once; whoever deletes
/// it loses time and no result.
public final class StateCache: Sendable {
  public let folder: String
  public let about: TrunkDescription
  private let trunk: [UInt8]
  /// Held shared by all who use the folder, so that none is removed in use.
  private let lock: Int32
  private let state: Mutex<State>

  private struct State: ~Copyable {
    var segments: [String: StateSegment] = [:]
    var places: [StateKey: Place] = [:]
    /// Earlier copies of the same content, for where the last is damaged.
    var spares: [StateKey: [Place]] = [:]
    var writer: StateWriter?
    /// Bytes that may still be written; nil where nothing is.
    var budget: Int?
    /// What was refused once is not told again.
    var unreadable: Set<String> = []
  }

  private struct Place {
    let entry: StateIndex.Entry
    let segment: StateSegment
  }

  /// What is to be told whoever waits: a full disk, damaged records.
  public typealias Warn = @Sendable (String) -> Void
  private let warn: Warn

  /// The folder of a trunk beside a store, by its SHA-256.
  public static func folder(besideStore store: String, trunk hash: String) -> String {
    root(besideStore: store) + "/" + hash
  }

  /// `runs/xling.sqlite` has `runs/xling.trunk`.
  public static func root(besideStore store: String) -> String {
    PathParts.withoutExtension(store) + ".trunk"
  }

  /// `budget`: bytes that may be written at most; nil writes nothing. nil where nothing is there and nothing
  /// may be written. Throws `FileFailure`.
  public init?(
    _ about: TrunkDescription, besideStore store: String, budget: Int?,
    warn: @escaping Warn
  ) throws {
    folder = Self.folder(besideStore: store, trunk: about.hash)
    (self.about, self.warn) = (about, warn)
    trunk = about.hashBytes
    let description = folder + "/" + TrunkDescription.file
    if !FileManager.default.fileExists(atPath: description) {
      guard budget != nil else { return nil }
      try AtomicFile.createFolder(folder)
      try AtomicFile.write(about.json(), to: description)
    }
    lock = open(description, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    flock(lock, LOCK_SH | LOCK_NB)
    // When it was used last, for whoever clears up.
    utimensat(AT_FDCWD, description, nil, 0)
    state = Mutex(State(budget: budget))
    state.withLock { refresh(&$0) }
  }

  deinit { if lock >= 0 { close(lock) } }

  /// Records that are there.
  public var count: Int { state.withLock { $0.places.count } }

  /// Of records and indexes, as they lie on the disk.
  public var bytes: Int { state.withLock { $0.segments.values.reduce(0) { $0 + $1.bytes } } }

  public func contains(_ keys: [[UInt8]]) -> [Bool] {
    state.withLock { state in keys.map { $0.count == 32 && state.places[StateKey($0)] != nil } }
  }

  /// Copies the records that are there, `counts` numbers each, and says which they are. Those that are not as
  /// they were written are told and not found.
  public func read(
    _ keys: [[UInt8]], counts: [Int], into place: (Int) -> UnsafeMutablePointer<Float>
  ) -> [Bool] {
    state.withLock { state in
      let keys = keys.map(StateKey.init)
      if keys.contains(where: { state.places[$0] == nil }) { refresh(&state) }
      var found = [Bool](repeating: false, count: keys.count)
      var open = Array(keys.indices)
      var damaged: Set<StateKey> = []
      while !open.isEmpty {
        let copied = copy(open.map { keys[$0] }, counts: open.map { counts[$0] }, state) {
          place(open[$0])
        }
        for (index, isWhole) in zip(open, copied) { found[index] = isWhole ?? false }
        // One that is damaged may have been written twice.
        open = zip(open, copied).compactMap { index, isWhole in
          guard isWhole == false else { return nil }
          damaged.insert(keys[index])
          return index
        }
        for key in Set(open.map { keys[$0] }) {
          state.places[key] = state.spares[key]?.popLast()
        }
      }
      if !damaged.isEmpty {
        warn("\(damaged.count) records in \(folder) are damaged (checksum); they are computed anew")
      }
      return found
    }
  }

  /// nil where nothing is there, false where it is damaged.
  private func copy(
    _ keys: [StateKey], counts: [Int], _ state: borrowing State,
    into place: (Int) -> UnsafeMutablePointer<Float>
  ) -> [Bool?] {
    let places = keys.map { state.places[$0] }
    for segment in state.segments.values {
      segment.map(places.compactMap { $0?.segment === segment ? $0?.entry : nil })
    }
    let outs = keys.indices.map(place)
    var copied = [Bool?](repeating: nil, count: keys.count)
    copied.withUnsafeMutableBufferPointer { copied in
      // Each place is one thread's, and segments are only read.
      nonisolated(unsafe) let copied = copied
      nonisolated(unsafe) let outs = outs
      Parallel.ranges(keys.count, grain: 1) { range in
        for index in range {
          guard let place = places[index] else { continue }
          copied[index] =
            place.entry.count == UInt64(counts[index])
            && place.segment.copy(place.entry, into: outs[index])
        }
      }
    }
    return copied
  }

  /// Keeps records as far as the budget goes. A full disk is told once, and nothing more is written.
  public func save(_ keys: [[UInt8]], states: (Int) -> UnsafeBufferPointer<Float>) {
    state.withLock { state in
      for (index, key) in keys.enumerated() {
        let key = StateKey(key)
        let record = states(index)
        guard state.places[key] == nil, let budget = state.budget else { continue }
        guard record.count * 4 <= budget else {
          state.budget = nil
          continue
        }
        do {
          let writer = try state.writer ?? StateWriter(in: folder, trunk: trunk)
          state.writer = writer
          let entry = try writer.append(key, record)
          let name = PathParts.name(of: writer.path)
          let segment =
            try state.segments[name] ?? StateSegment(reading: writer.path, trunk: trunk)
          state.segments[name] = segment
          _ = segment.newEntries()
          state.places[key] = Place(entry: entry, segment: segment)
          state.budget = budget - record.count * 4
        } catch {
          state.budget = nil
          warn("\(error) What is computed is kept no longer; the results are the same.")
        }
      }
    }
  }

  /// Records that will be read soon.
  public func announce(_ keys: [[UInt8]]) {
    state.withLock { state in
      let places = keys.compactMap { state.places[StateKey($0)] }
      for segment in state.segments.values {
        let entries = places.compactMap { $0.segment === segment ? $0.entry : nil }
        guard !entries.isEmpty else { continue }
        segment.map(entries)
        segment.readAhead(entries)
      }
    }
  }

  /// What other processes have written since.
  private func refresh(_ state: inout State) {
    for name in Self.segments(in: folder) where state.segments[name] == nil {
      guard !state.unreadable.contains(name) else { continue }
      do {
        state.segments[name] = try StateSegment(reading: folder + "/" + name, trunk: trunk)
      } catch {
        state.unreadable.insert(name)
        // One that was begun this moment has no second file yet.
        if error is ExperimentFailure { warn("\(error) It is passed over and made anew.") }
      }
    }
    var damaged = 0
    for name in state.segments.keys.sorted() {
      guard let segment = state.segments[name] else { continue }
      let before = segment.damagedEntries
      for entry in segment.newEntries() {
        if let former = state.places[entry.key] {
          state.spares[entry.key, default: []].append(former)
        }
        state.places[entry.key] = Place(entry: entry, segment: segment)
      }
      damaged += segment.damagedEntries - before
    }
    if damaged > 0 {
      warn("\(damaged) entries of \(folder) are damaged (checksum); they are computed anew")
    }
  }

  /// Names without ending.
  static func segments(in folder: String) -> [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".index") }.map { String($0.dropLast(6)) }.sorted()
  }
}
