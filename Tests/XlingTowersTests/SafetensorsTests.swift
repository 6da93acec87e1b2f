import Foundation
import Testing
import XlingCore
import XlingTensor
import XlingTestSupport
import XlingTowers

/// The checkpoint format: what is written comes back, and every lie of a header is named.
struct SafetensorsTests {
  let folder: TemporaryFolder
  var path: String { folder.path + "/model.safetensors" }

  init() throws { folder = try TemporaryFolder() }

  private func parameter(_ name: String, _ shape: [Int], _ values: [Float]) -> Parameter {
    let parameter = Parameter(name, shape)
    for (index, value) in values.enumerated() { parameter.value[index] = value }
    return parameter
  }

  @Test func float32ComesBackBitForBit() throws {
    let values: [Float] = [1, -0.0, .pi, .leastNonzeroMagnitude, .infinity, -3e38]
    let written = [
      parameter("b/√\"\\", [2, 3], values), parameter("a", [], [7]), parameter("none", [0, 4], []),
    ]
    try Safetensors.write(written, to: path, metadata: ["format": "pt", "note": "ü\n"])
    let file = try Safetensors(path: path)
    #expect(file.metadata == ["format": "pt", "note": "ü\n"])
    #expect(file.entries.keys.sorted() == ["a", "b/√\"\\", "none"])
    for original in written {
      let read = Parameter(original.name, original.shape)
      try file.read(original.name, into: read)
      #expect(read.values.map(\.bitPattern) == original.values.map(\.bitPattern))
    }
    // The independent reader of the tests agrees.
    #expect(try TensorFile(path: path).floats("a") == [7])
  }

  @Test func bfloat16IsRoundedOnceAndStaysSo() throws {
    let original = parameter("w", [3], [1.00390625, .pi, -1e-3])
    try Safetensors.write([original], to: path, storage: .bfloat16)
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    let read = Parameter("w", [3])
    try Safetensors(path: path).read("w", into: read)
    for (a, b) in zip(read.values, original.values) { #expect(abs(a - b) <= abs(b) / 256) }
    try Safetensors.write([read], to: path, storage: .bfloat16)
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
  }

  @Test func theSameTensorsGiveTheSameBytes() throws {
    let tensors = [parameter("x", [2], [1, 2]), parameter("y", [1], [3])]
    try Safetensors.write(tensors, to: path, metadata: ["b": "1", "a": "2"])
    let first = try Data(contentsOf: URL(fileURLWithPath: path))
    try Safetensors.write(tensors, to: path, metadata: ["a": "2", "b": "1"])
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == first)
    #expect(first[0] % 8 == 0)
  }

  /// Headers and what is said of them; 8 bytes of tensor data follow each.
  static let refused: [(header: String, reason: String)] = [
    (#"["a"]"#, "its header is not a JSON object"),
    (#"{"a": "#, "its header is not a JSON object"),
    (#"{"a": {"dtype": "F32", "shape": [2]}}"#, #"the header entry "a" is malformed"#),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#,
      #"its header has the key "a" twice in one object (byte 62)"#
    ),
    (entry("[-2]", "[0,8]"), #"the header entry "a" is malformed"#),
    (entry("[2]", "[0]"), #"the header entry "a" is malformed"#),
    (entry("[2]", "[0,12]"), #""a" has the bytes 0 to 12 of the 8 behind the header"#),
    (entry("[2]", "[8,0]"), #""a" has the bytes 8 to 0 of the 8 behind the header"#),
    (entry("[2]", "[-4,8]"), #""a" has the bytes -4 to 8 of the 8 behind the header"#),
    (
      entry("[2]", "[0,9223372036854775807]"),
      #""a" has the bytes 0 to 9223372036854775807 of the 8 behind the header"#
    ),
    (entry("[1]", "[0,4]"), "4 bytes lie behind the last tensor"),
    (entry("[3]", "[0,8]"), #""a" has 8 bytes, expected 12"#),
    (
      entry("[4611686018427387904,4]", "[0,8]"),
      #""a" has 8 bytes, expected more than there is memory"#
    ),
    (
      #"{"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}}"#,
      #""a" is stored as F31, which is no type of the format"#
    ),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"more":1}}"#,
      #"the header entry "a" is malformed"#
    ),
    (entry("[1]", "[4,8]"), #""a" starts at byte 4 behind the header, expected 0"#),
    (
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
        + #""b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#,
      #""b" starts at byte 4 behind the header, expected 8"#
    ),
    (
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
        + #""b":{"dtype":"F32","shape":[0],"data_offsets":[8,8]}}"#,
      #""b" starts at byte 8 behind the header, expected 4"#
    ),
  ]

  private static func entry(_ shape: String, _ offsets: String) -> String {
    #"{"a":{"dtype":"F32","shape":\#(shape),"data_offsets":\#(offsets)}}"#
  }

  private func write(_ header: String, claiming length: UInt64? = nil) throws {
    let claimed = length ?? UInt64(header.utf8.count)
    let bytes = (0..<8).map { UInt8(truncatingIfNeeded: claimed >> (8 * $0)) }
    try (Data(bytes) + Data(header.utf8) + Data(count: 8)).write(to: URL(fileURLWithPath: path))
  }

  @Test(arguments: refused)
  func aLyingHeaderIsRefused(header: String, reason: String) throws {
    try write(header)
    let failure = #expect(throws: TowerFailure.self) { try Safetensors(path: path) }
    #expect(failure == .notSafetensors(path: path, reason: reason))
    #expect(failure?.exitStatus == .badData)
  }

  @Test(arguments: [UInt64(500), .max, 1 << 63, 100_000_001, 4 << 30])
  func aHeaderLongerThanTheFileIsRefused(length: UInt64) throws {
    try write("{}", claiming: length)
    #expect(
      throws: TowerFailure.notSafetensors(
        path: path, reason: "its header claims \(length) bytes, the file has 18")
    ) { try Safetensors(path: path) }
  }

  @Test func everyTruncationIsRefused() throws {
    try Safetensors.write([parameter("w", [3], [1, 2, 3])], to: path)
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for length in 0..<whole.count {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      let failure = #expect(throws: TowerFailure.self) { try Safetensors(path: path) }
      #expect(failure?.description.contains("is not a whole safetensors file") == true)
    }
    try Data().write(to: URL(fileURLWithPath: path))
    let failure = #expect(throws: TowerFailure.self) { try Safetensors(path: path) }
    #expect(
      failure?.description
        == "\(path) is not a whole safetensors file: 0 bytes, expected at least 8. "
        + "Copy or download it again.")
  }

  /// Whatever a damaged file says, reading it ends in a value or a failure, never in a crash.
  @Test func damagedHeadersNeverCrash() throws {
    let original = parameter("w", [2, 3], [1, 2, 3, 4, 5, 6])
    try Safetensors.write([original, parameter("v", [2], [7, 8])], to: path)
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let header = whole.count - 32
    var refused = 0
    for round in 0..<200 {
      var stream = RandomStream(seed: 9, "damage", round)
      var bytes = whole
      for _ in 0...stream.index(3) {
        let digits = Array("0123456789-,]}\"e".utf8)
        bytes[stream.index(header)] =
          stream.index(4) == 0 ? UInt8(stream.index(256)) : digits[stream.index(digits.count)]
      }
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        try Safetensors(path: path).read("w", into: Parameter("w", [2, 3]))
      } catch {
        #expect(error is TowerFailure)
        refused += 1
      }
    }
    #expect(refused > 100)
  }

  @Test func aMissingFileIsMissingInput() {
    let failure = #expect(throws: FileFailure.self) { try Safetensors(path: path) }
    #expect(failure?.exitStatus == .missingInput)
  }

  @Test func wrongNamesShapesAndKindsAreNamed() throws {
    try write(
      #"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#)
    let file = try Safetensors(path: path)
    func problems(_ name: String, _ shape: [Int]) -> TowerFailure? {
      #expect(throws: TowerFailure.self) { try file.read(name, into: Parameter(name, shape)) }
    }
    #expect(problems("b", [2]) == .tensors(path: path, problems: ["missing: b [2]"]))
    #expect(
      problems("a", [1, 2]) == .tensors(path: path, problems: ["a: shape [2], expected [1, 2]"]))
    try write(#"{"a":{"dtype":"I64","shape":[1],"data_offsets":[0,8]}}"#)
    let integers = #expect(throws: TowerFailure.self) {
      try Safetensors(path: path).read("a", into: Parameter("a", [1]))
    }
    #expect(
      integers
        == .tensors(path: path, problems: ["a: stored as I64, expected F32, BF16, F16 or F64"]))
  }
}
