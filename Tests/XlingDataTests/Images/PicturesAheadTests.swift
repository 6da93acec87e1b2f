import Dispatch
import Synchronization
import Testing
import XlingCore
import XlingData

@Suite struct PicturesAheadTests {
  private struct Broken: Error, Equatable { let image: Int }

  private static func picture(_ image: Int) -> Picture {
    Picture(width: 2, height: 2, red: UInt8(image))
  }

  @Test func whatIsAskedForComesWhetherAnnouncedOrNot() throws {
    let ahead = PicturesAhead { Self.picture($0) }
    ahead.announce(0..<40)
    for image in [7, 39, 0, 90, 41] {
      #expect(try ahead.picture(image) == Self.picture(image))
    }
    ahead.drain()
    #expect(try ahead.picture(3) == Self.picture(3))
  }

  @Test func announcedPicturesAreLoadedBeforeAnyoneAsksAndOnlyOnce() throws {
    let loaded = Mutex<[Int: Int]>([:])
    let third = DispatchSemaphore(value: 0)
    let ahead = PicturesAhead { image in
      loaded.withLock { $0[image, default: 0] += 1 }
      if image == 3 { third.signal() }
      return Self.picture(image)
    }
    ahead.announce([1, 2, 3])
    ahead.announce([1, 2, 3])
    #expect(third.wait(timeout: .now() + 20) == .success)
    for image in 1...3 { #expect(try ahead.picture(image) == Self.picture(image)) }
    #expect(loaded.withLock { $0 } == [1: 1, 2: 1, 3: 1])
  }

  @Test func noMoreThanTheLimitIsHeld() throws {
    let loaded = Mutex(0)
    let ahead = PicturesAhead(limit: 5) { image in
      loaded.withLock { $0 += 1 }
      return Self.picture(image)
    }
    ahead.announce(0..<100)
    ahead.announce(200..<300)
    ahead.drain()
    #expect(loaded.withLock { $0 } <= 5)
  }

  @Test func anErrorIsThrownToWhoeverAsksForThatPicture() throws {
    let ahead = PicturesAhead { image in
      if image == 2 { throw Broken(image: image) }
      return Self.picture(image)
    }
    ahead.announce(1...3)
    #expect(try ahead.picture(1) == Self.picture(1))
    #expect(throws: Broken(image: 2)) { try ahead.picture(2) }
    #expect(try ahead.picture(3) == Self.picture(3))
  }

  @Test func severalThreadsAsk() throws {
    let ahead = PicturesAhead { Self.picture($0) }
    ahead.announce(0..<200)
    let right = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 200) { image in
      if (try? ahead.picture(image)) == Self.picture(image) { right.withLock { $0 += 1 } }
    }
    #expect(right.withLock { $0 } == 200)
  }
}
