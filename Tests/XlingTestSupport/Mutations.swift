import Foundation
import XlingCore

/// Small files, mutated: a reader reads them or refuses them with a typed error, whatever the bytes.
/// `scripts/fuzz-readers` runs more rounds than a test has time for.
public enum Mutations {
  private static func setting(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name]
  }

  /// Inputs a reader.
  public static let rounds = setting("XLING_FUZZ_INPUTS").flatMap { Int($0) } ?? 3_000
  static let seed = setting("XLING_FUZZ_SEED").flatMap { UInt64($0) } ?? 5
  /// Each input is written here before it is read, so that one that ends the process is found.
  private static let trace = setting("XLING_FUZZ_TRACE")

  /// Feeds mutated seeds, and now and then random bytes, to `read`, with the number of each. Returns how many
  /// were refused; rethrows what `isRefusal` does not know.
  public static func refusals(
    of seeds: [[UInt8]], _ name: String, rounds: Int = rounds,
    isRefusal: (any Error) -> Bool = { $0 is any Failure },
    _ read: ([UInt8], Int) throws -> Void
  ) throws -> Int {
    var (refused, done) = (0, 0)
    var input: [UInt8] = []
    while done < rounds {
      var stream = RandomStream(seed: seed, name, done)
      input.replaceSubrange(0..., with: seeds[stream.index(seeds.count)])
      if stream.index(32) == 0 {
        input = (0..<stream.index(200)).map { _ in UInt8(stream.index(256)) }
      }
      // Each goes on from the last, so that mutations add up.
      for _ in 0..<8 where done < rounds {
        mutate(&input, &stream)
        done += 1
        if let trace { try AtomicFile.write(Data(input), to: trace) }
        do { try read(input, done) } catch let error where isRefusal(error) { refused += 1 }
      }
    }
    return refused
  }

  /// As ``refusals(of:_:rounds:isRefusal:_:)`` for a reader of one file, which lies at `path`.
  public static func refusals(
    of seeds: [[UInt8]], at path: String, _ name: String, rounds: Int = rounds,
    isRefusal: (any Error) -> Bool = { $0 is any Failure }, _ read: () throws -> Void
  ) throws -> Int {
    try refusals(of: seeds, name, rounds: rounds, isRefusal: isRefusal) { input, _ in
      try Data(input).write(to: URL(fileURLWithPath: path))
      try read()
    }
  }

  static func mutate(_ input: inout [UInt8], _ stream: inout RandomStream) {
    if input.isEmpty { return input.append(UInt8(stream.index(256))) }
    let at = stream.index(input.count)
    let end = min(input.count, at + 1 + stream.index(12))
    switch stream.index(9) {
    case 0: input[at] ^= 1 << UInt8(stream.index(8))
    case 1: input[at] = UInt8(stream.index(256))
    case 2: input[at] = [0, 0x22, 0x2C, 0x5D, 0x7D, 0x7F, 0x80, 0xFF][stream.index(8)]
    case 3: input.insert(contentsOf: Array(input[at..<end]), at: at)
    case 4: input.removeSubrange(at..<end)
    case 5: input.insert(UInt8(stream.index(256)), at: at)
    case 6:
      // The longest lengths and numbers that a varint has room for.
      input.replaceSubrange(at..<end, with: repeatElement(0xFF, count: 1 + stream.index(9)))
    case 7: mutateNumber(&input, at, &stream)
    default: if stream.index(4) == 0 { input.removeSubrange(at...) }
    }
  }

  /// Digits from `at` on become a number that is hard to hold.
  private static func mutateNumber(_ input: inout [UInt8], _ at: Int, _ stream: inout RandomStream)
  {
    func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
    guard let first = input[at...].firstIndex(where: isDigit) else { return }
    let end = input[first...].firstIndex { !isDigit($0) } ?? input.count
    let numbers = [
      "0", "-1", "1e400", "0.5", "4294967295", "2147483648", "9223372036854775807",
      "9223372036854775808", "18446744073709551616", "1000000", "null", "true",
    ]
    input.replaceSubrange(first..<end, with: Array(numbers[stream.index(numbers.count)].utf8))
  }
}
