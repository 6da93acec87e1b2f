import Foundation
import Testing
import XlingCore
import XlingTestSupport

/// `xling inspect`, `forward` and `embed` on the small towers of the parity set.
struct CheckpointCommandTests {
  let folder: TemporaryFolder
  private static let towers = Fixtures.path("parity/towers")
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  init() throws { folder = try TemporaryFolder() }

  private func xling(
    _ arguments: [String], stdin text: String? = nil
  ) throws -> XlingBinary.Result {
    guard let text else { return try XlingBinary.run(arguments, in: folder.path) }
    try text.write(toFile: folder.path + "/stdin", atomically: true, encoding: .utf8)
    return try XlingBinary.run(arguments, in: folder.path, shell: "exec < stdin")
  }

  @Test func inspectSaysWhatACheckpointIs() throws {
    let result = try xling(["inspect", Self.towers + "/bert_sharded"])
    #expect(result.status == 0, "\(result.stderr)")
    let lines = result.stdout.split(separator: "\n").map(String.init)
    #expect(lines[2] == "kind          text tower")
    #expect(lines[3].hasPrefix("architecture  bert, 2 layers, width 24, 3 heads, "))
    #expect(lines[5].hasSuffix("all but 2 of its tensors"))
    #expect(lines.contains { $0.contains("pooler.dense.weight") && $0.hasSuffix("left out") })
  }

  @Test func inspectPrintsJSON() throws {
    let result = try xling(["inspect", "--json", Self.towers + "/timm_deit3"])
    let object = try Parsed.object(result.stdout)
    #expect(object["schema"] as? String == "xling.inspect/1")
    #expect(object["kind"] as? String == "image tower")
    #expect((object["problems"] as? [String])?.isEmpty == true)
  }

  @Test func badCheckpointsEndWithTheirStatus() throws {
    let bad = try xling(["inspect", Fixtures.path("checkpoints/system.pth")])
    #expect(bad.status == 65 && bad.stdout.isEmpty)
    #expect(bad.stderr.contains(".system, which is neither a tensor nor a plain container."))
    let missing = try xling(["inspect", "nowhere"])
    #expect(missing.status == 66)
    try FileManager.default.copyItem(
      atPath: Self.towers + "/vit_noqkvbias", toPath: folder.path + "/vit")
    let config = folder.path + "/vit/config.json"
    let text = try String(contentsOfFile: config, encoding: .utf8)
    try text.replacingOccurrences(of: "\"num_hidden_layers\": 2", with: "\"num_hidden_layers\": 3")
      .write(toFile: config, atomically: true, encoding: .utf8)
    let unfit = try xling(["inspect", "vit"])
    #expect(unfit.status == 65)
    #expect(unfit.stdout.contains("used as       nothing: missing: encoder.layer.2."))
  }

  @Test func forwardWritesEveryHiddenState() throws {
    let set = Self.towers + "/timm_vit"
    let result = try xling([
      "forward", "--tower", set, "--input", set + "/inputs.safetensors", "--output",
      "out.safetensors",
    ])
    #expect(result.status == 0, "\(result.stderr)")
    let found = try TensorFile(path: folder.path + "/out.safetensors")
    let expected = try TensorFile(path: set + "/expected.safetensors")
    // And, beside the fixture's, the mean of the patches and timm's vector without its classifier.
    #expect(Set(found.names).isSuperset(of: expected.names))
    for name in expected.names {
      #expect(Distance.largest(try found.floats(name), try expected.floats(name)) <= 1.5e-5)
    }
    let other = try xling([
      "forward", "--tower", Self.towers + "/bert", "--input", set + "/inputs.safetensors",
      "--output", "none.safetensors",
    ])
    #expect(other.status == 65)
    #expect(other.stderr.contains("it has no input_ids, which this tower takes"))
  }

  @Test func weightsThatAreNoNumbersAreNamed() throws {
    try FileManager.default.copyItem(atPath: Self.towers + "/bert", toPath: folder.path + "/bert")
    let path = folder.path + "/bert/model.safetensors"
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    let header = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
    // The first number of the first tensor, by the order of names.
    bytes.replaceSubrange(8 + header..<12 + header, with: [0, 0, 0xC0, 0x7F])
    try bytes.write(to: URL(fileURLWithPath: path))
    let result = try xling([
      "forward", "--tower", "bert", "--input", "bert/inputs.safetensors", "--output",
      "out.safetensors",
    ])
    #expect(result.status == 0)
    #expect(
      result.stderr
        == "xling: warning: bert/model.safetensors holds NaN or infinity in "
        + "embeddings.LayerNorm.bias\n")
  }

  @Test func embedReadsTextsFromStdinAndGoesOn() throws {
    let arguments = [
      "embed", "--tower", Self.root + "/towers/mini-text", "--output", "out.npy", "--batch-size",
      "2",
    ]
    let texts = "a dog\nein Hund\n狗\n"
    let whole = try xling(arguments, stdin: texts)
    #expect(whole.status == 0, "\(whole.stderr)")
    #expect(whole.stdout == "wrote 3 rows of 192 to out.npy\n")
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out.npy"))
    #expect(bytes.count == 128 + 3 * 192 * 4)
    #expect(String(decoding: bytes[10..<127], as: UTF8.self).contains("'shape': (3, 192)"))
    // What a kill after the first batch leaves: two rows and a half.
    let rows = bytes.dropFirst(128)
    let begun = try interruptedKey(arguments, texts)
    let key = begun + "2 \(Digest.of(Data(rows.prefix(2 * 192 * 4))))\n3 ab"
    try key.write(toFile: folder.path + "/out.npy.partial.key", atomically: true, encoding: .utf8)
    try Data(rows.prefix(2 * 192 * 4 + 100))
      .write(to: URL(fileURLWithPath: folder.path + "/out.npy.partial"))
    let resumed = try xling(arguments + ["--resume"], stdin: texts)
    #expect(resumed.status == 0, "\(resumed.stderr)")
    #expect(try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out.npy")) == bytes)
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/out.npy.partial"))
    // Neither a row that changed meanwhile nor those of other texts are gone on with.
    try key.write(toFile: folder.path + "/out.npy.partial.key", atomically: true, encoding: .utf8)
    var changed = Data(rows.prefix(2 * 192 * 4))
    changed[changed.startIndex + 700] ^= 4
    try changed.write(to: URL(fileURLWithPath: folder.path + "/out.npy.partial"))
    let damaged = try xling(arguments + ["--resume"], stdin: texts)
    #expect(damaged.status == 65)
    #expect(damaged.stderr.contains("out.npy.partial: rows 1 to 2 are not what was written."))
    try key.write(toFile: folder.path + "/out.npy.partial.key", atomically: true, encoding: .utf8)
    try Data().write(to: URL(fileURLWithPath: folder.path + "/out.npy.partial"))
    let refused = try xling(arguments + ["--resume"], stdin: "other\n")
    #expect(refused.status == 64)
    #expect(refused.stderr.contains("was begun with another tower, input or options"))
  }

  @Test func anOutputIsWrittenByOneProcess() throws {
    let output = folder.path + "/out.npy"
    let lock = try FileLock(output: output)
    let arguments = ["embed", "--tower", Self.root + "/towers/mini-text", "--output", output]
    let second = try xling(arguments, stdin: "a dog\n")
    #expect(second.status == 74 && second.stderr.contains("is working on \(output)."))
    withExtendedLifetime(lock) {}
  }

  @Test func kernelsThatTheProcessorLacksArePassedOver() throws {
    let arguments = ["embed", "--tower", Self.root + "/towers/mini-text", "--output", "out.npy"]
    try "a dog\n".write(toFile: folder.path + "/stdin", atomically: true, encoding: .utf8)
    for core in ["Bulldozer", "SkylakeX"] {
      let result = try XlingBinary.run(
        arguments, environment: ["OPENBLAS_CORETYPE": core], in: folder.path,
        shell: "exec < stdin")
      #expect(result.status == 0, "\(core): \(result.stderr)")
    }
  }

  @Test func embedSaysWhatIsWrongWithStdin() throws {
    let arguments = ["embed", "--tower", Self.root + "/towers/mini-text", "--output", "out.npy"]
    for shell in ["exec < .", "exec 0> sink"] {
      let result = try XlingBinary.run(arguments, in: folder.path, shell: shell)
      #expect(result.status == 74 && result.stderr.contains("cannot read stdin"))
    }
  }

  @Test(arguments: ["[", "", "{\"model_type\": ", "[]", "{\"model_type\": \"gpt2\"}"])
  func inspectRefusesBrokenConfigurations(_ text: String) throws {
    let tower = folder.path + "/bert"
    try FileManager.default.copyItem(atPath: Self.towers + "/bert", toPath: tower)
    try text.write(toFile: tower + "/config.json", atomically: true, encoding: .utf8)
    let result = try xling(["inspect", "bert"])
    #expect(result.status == 65 && result.stdout.isEmpty)
    #expect(result.stderr.contains("bert/config.json: "))
  }

  @Test func embedTakesTokenizersOfAnyKind() throws {
    let arguments = ["embed", "--tower", Self.root + "/towers/mini-text", "--output"]
    let own = try xling(arguments + ["own.npy"], stdin: "a dog\n")
    #expect(own.status == 0, "\(own.stderr)")
    let unigram = Self.root + "/tokenizers/mini-unigram"
    let other = try xling(arguments + ["other.npy", "--tokenizer", unigram], stdin: "a dog\n")
    #expect(other.status == 0, "\(other.stderr)")
    let rows = try ["own.npy", "other.npy"].map {
      try Data(contentsOf: URL(fileURLWithPath: folder.path + "/" + $0))
    }
    #expect(rows[0].count == rows[1].count && rows[0] != rows[1])
  }

  /// The key of unfinished work: a run that cannot write its rows leaves it behind.
  private func interruptedKey(_ arguments: [String], _ texts: String) throws -> String {
    try texts.write(toFile: folder.path + "/stdin", atomically: true, encoding: .utf8)
    let full = try XlingBinary.run(
      arguments, in: folder.path, shell: "ulimit -f 1; exec < stdin")
    #expect(full.status == 74, "\(full.stderr)")
    return try String(contentsOfFile: folder.path + "/out.npy.partial.key", encoding: .utf8)
  }

  @Test func embedReadsJSONAndPictures() throws {
    let text = try xling(
      [
        "embed", "--tower", Self.root + "/towers/mini-text", "--field", "caption", "--normalize",
        "--output", "out.safetensors",
      ], stdin: "{\"caption\": \"a dog\"}\n{\"caption\": 3}\n")
    #expect(text.status == 65)
    #expect(text.stderr.contains("-:2: expected a JSON object with a text under \"caption\""))
    let none = try xling([
      "embed", "--tower", Self.root + "/towers/mini-image", "--input", folder.path, "--output",
      "out.npy",
    ])
    #expect(none.status == 66)
    let other = try xling(["embed", "--tower", "x", "--output", "out.csv"])
    #expect(other.status == 64)
  }
}
