import Foundation
import Testing
import XlingCore
import XlingTestSupport
import XlingTowers

/// Damaged and hostile checkpoints, made by `scripts/generate_bad_checkpoints.py`: each is refused in
/// words that name what is wrong, and nothing of it is executed.
struct BadCheckpointTests {
  static let folder = Fixtures.path("checkpoints")

  struct Case: Sendable, CustomStringConvertible {
    let file: String
    /// nil for a checkpoint in order.
    let words: String?
    var description: String { file }
    var path: String { BadCheckpointTests.folder + "/" + file }
  }

  static let cases: [Case] = {
    let data = try? Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json"))
    let object = data.flatMap { try? JSONSerialization.jsonObject(with: $0) } as? [String: Any]
    return (object ?? [:]).sorted { $0.key < $1.key }
      .map { Case(file: $0.key, words: $0.value as? String) }
  }()

  @Test func theCasesAreThere() { #expect(Self.cases.count > 30) }

  @Test(arguments: cases.filter { $0.words != nil })
  func refused(bad: Case) throws {
    let failure = #expect(throws: TowerFailure.self) { try Checkpoint(bad.path) }
    let said = failure?.description ?? ""
    #expect(said.contains(bad.words ?? ""), "\(said)")
    #expect(said.contains(bad.path))
    #expect(failure?.exitStatus == .badData)
  }

  @Test(arguments: cases.filter { $0.words == nil })
  func taken(good: Case) throws {
    let tensor = try #require(try Checkpoint(good.path).tensors["w"])
    #expect(tensor.shape == [2, 3])
    let transposed = good.file.hasPrefix("transposed")
    #expect(tensor.floats() == (transposed ? [1, 3, 5, 2, 4, 6] : [1, 2, 3, 4, 5, 6]))
  }
}

/// Whatever a damaged file says, reading it ends in tensors or a failure, never in a crash:
/// deterministic mutations of all small checkpoints here. `XLING_FUZZ_ROUNDS` asks for more a file;
/// `scripts/fuzz-checkpoints` runs them under the address sanitizer.
struct CheckpointMutationTests {
  static let corpus: [String] = {
    let towers = Fixtures.path("parity/towers")
    return BadCheckpointTests.cases.map(\.path) + [
      towers + "/bert/model.safetensors", towers + "/bert_legacy_bin/pytorch_model.bin",
      towers + "/deit3_pth/deit_3_small_224_1k.pth",
    ]
  }()

  static let rounds =
    ProcessInfo.processInfo.environment["XLING_FUZZ_ROUNDS"].flatMap { Int($0) } ?? 60

  @Test(arguments: corpus)
  func mutated(path: String) throws {
    let folder = try TemporaryFolder()
    let original = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let target = folder.path + "/mutated"
    for round in 0..<Self.rounds {
      var stream = RandomStream(seed: 11, "mutation/\((path as NSString).lastPathComponent)", round)
      try Data(mutate(original, &stream)).write(to: URL(fileURLWithPath: target))
      do {
        for tensor in try Checkpoint(target).tensors.values where tensor.count < 1 << 20 {
          if let floats = tensor.floats() { #expect(floats.count == tensor.count) }
          if let integers = tensor.integers() { #expect(integers.count == tensor.count) }
        }
      } catch {
        #expect(error is TowerFailure)
      }
    }
  }

  /// Up to four changes, near the ends, where headers, pickles and directories lie.
  private func mutate(_ original: [UInt8], _ stream: inout RandomStream) -> [UInt8] {
    var bytes = original
    for _ in 0...stream.index(4) where !bytes.isEmpty {
      let window = min(bytes.count, 8192)
      let place =
        stream.index(3) == 0 ? bytes.count - 1 - stream.index(window) : stream.index(window)
      switch stream.index(6) {
      case 0: bytes[place] = UInt8(stream.index(256))
      case 1: bytes[place] ^= 1 << UInt8(stream.index(8))
      case 2: bytes.remove(at: place)
      case 3: bytes.insert(UInt8(stream.index(256)), at: place)
      case 4:
        bytes.replaceSubrange(place..<min(place + 4, bytes.count), with: [0xFF, 0xFF, 0xFF, 0x7F])
      default:
        let length = min(1 + stream.index(32), bytes.count - place)
        bytes.insert(contentsOf: bytes[place..<place + length], at: stream.index(window))
      }
    }
    return bytes
  }
}
