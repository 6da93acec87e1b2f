import Dispatch
import Synchronization
import XlingCore

/// Decodes pictures before they are asked for: while a model computes one batch, the next is read.
///
/// Whoever knows what comes next announces it; a background thread works through it, spreading over
/// `Parallel`'s threads. Asking for a picture gives the announced one, waiting where it is under
/// way, or loads it there and then. Which thread did the work changes no pixel and no order, and an
/// error is thrown to whoever asks for that picture.
public final class PicturesAhead: Sendable {
  private let load: @Sendable (Int) throws -> Picture
  private let limit: Int
  private let announced = Mutex<[Int: Slot]>([:])
  private let queue = DispatchQueue(label: "xling.pictures-ahead")

  /// Announcements beyond `limit` pictures that nobody asked for yet are left to be loaded when
  /// they are: memory stays bounded.
  public init(limit: Int = 256, load: @escaping @Sendable (Int) throws -> Picture) {
    self.limit = limit
    self.load = load
  }

  /// Pictures that will be asked for, in that order. Does not wait.
  public func announce(_ images: some Sequence<Int>) {
    let fresh = announced.withLock { announced in
      var fresh: [(image: Int, slot: Slot)] = []
      for image in images where announced[image] == nil {
        guard announced.count < limit else { break }
        let slot = Slot()
        announced[image] = slot
        fresh.append((image, slot))
      }
      return fresh
    }
    guard !fresh.isEmpty else { return }
    queue.async { [load] in
      Parallel.ranges(fresh.count, grain: 1) { range in
        for index in range where fresh[index].slot.claim() {
          fresh[index].slot.fill { try load(fresh[index].image) }
        }
      }
    }
  }

  /// Throws what loading throws. Asked from several threads at once.
  public func picture(_ image: Int) throws -> Picture {
    let slot = announced.withLock { $0.removeValue(forKey: image) }
    guard let slot, !slot.claim() else { return try load(image) }
    return try slot.wait()
  }

  /// No picture is read for nobody, after an error least of all.
  deinit { drain() }

  /// Waits for what is under way and forgets all that was announced.
  public func drain() {
    let left = announced.withLock { announced in
      defer { announced.removeAll() }
      return Array(announced.values)
    }
    // A claimed slot is nobody else's work.
    for slot in left { _ = slot.claim() }
    queue.sync {}
  }
}

/// One picture on its way, for the one thread that asks for it.
private final class Slot: Sendable {
  private let isClaimed = Mutex(false)
  private let result = Mutex<Result<Picture, any Error>?>(nil)
  private let done = DispatchSemaphore(value: 0)

  /// True for the first who asks: the work is theirs.
  func claim() -> Bool {
    isClaimed.withLock { isClaimed in
      defer { isClaimed = true }
      return !isClaimed
    }
  }

  func fill(_ work: () throws -> Picture) {
    let made = Result { try work() }
    result.withLock { $0 = made }
    done.signal()
  }

  func wait() throws -> Picture {
    done.wait()
    guard let result = result.withLock({ $0 }) else {
      preconditionFailure("signalled without a result")
    }
    return try result.get()
  }
}
