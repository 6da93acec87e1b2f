import Testing
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Towers in bf16 against the float64 results that fp32 is held against, within what rounding to eight bits
/// costs.
struct PrecisionTests {
  /// Of a hidden state's norm. T5 divides no scores by the root of the width: in a tower of random weights its
  /// softmax makes more of the same rounding (3.0 %, to eight digits alike by oneDNN on AMX and on AVX-512,
  /// and by rounding alone).
  private func bound(_ folder: ParityFolder) -> Double { folder.name == "mt5" ? 0.035 : 0.02 }

  @Test(arguments: TowerParityTests.folders)
  func everyHiddenState(folder: ParityFolder) throws {
    let loaded = try TowerCheckpoint(folder.path)
    let inputs = try Checkpoint(folder.file("inputs.safetensors"))
    let outputs: [RawForward.Output]
    switch loaded.configuration {
    case .text:
      let tower = try loaded.text()
      tower.use(.bf16)
      outputs = try RawForward.run(tower, on: inputs, tokenTypes: .given)
    case .image:
      let tower = try loaded.image()
      tower.use(.bf16)
      outputs = try RawForward.run(tower, on: inputs)
    case .whole:
      Issue.record("a tower was expected, this is a model of both")
      return
    }
    let expected = try TensorFile(path: folder.file("expected.safetensors"))
    var differs = false
    for output in outputs where output.name.contains("layer_output") {
      guard expected.names.contains(output.name) else { continue }
      let golden = try expected.floats(output.name)
      #expect(Distance.relative(output.values, golden) <= bound(folder), "\(output.name)")
      differs = differs || Distance.largest(output.values, golden) > TowerParityTests.bound
    }
    #expect(differs, "bf16 was not used")
  }

  @Test(arguments: [OutputRows.all, .pooled])
  func everyTextGradient(outputs: OutputRows) throws {
    let run = try TextRun()
    run.tower.use(.bf16)
    run.tower.train { _ in true }
    _ = try run.step(reading: outputs, in: Workspace(blockBytes: 1 << 16))
    try compare(run.tower, "bert/gradients_cls")
  }

  @Test(arguments: [OutputRows.all, .pooled])
  func everyImageGradient(outputs: OutputRows) throws {
    let run = try ImageRun()
    run.tower.use(.bf16)
    run.tower.train { _ in true }
    _ = try run.step(reading: outputs, in: Workspace(blockBytes: 1 << 16))
    try compare(run.tower, "vit/gradients_cls")
  }

  private func compare(_ tower: some Tower, _ file: String) throws {
    let golden = try TensorFile(path: Fixtures.path("parity/\(file).safetensors"))
    var (difference, norm) = (0.0, 0.0)
    for parameter in tower.parameters.all where !parameter.name.hasSuffix("key.bias") {
      let expected = try golden.floats(parameter.name)
      #expect(Distance.relative(parameter.gradients, expected) < 0.15, "\(parameter.name)")
      for (a, b) in zip(parameter.gradients, expected) {
        difference += (Double(a) - Double(b)) * (Double(a) - Double(b))
        norm += Double(b) * Double(b)
      }
    }
    #expect((difference / norm).squareRoot() < 0.03)
  }

  /// What is frozen changes no gradient of what is not: dense layers take other ways through bf16 when
  /// they are.
  @Test func frozenLayersLeaveGradientsAsTheyAre() throws {
    func gradients(_ isTrained: @escaping (Parameter) -> Bool) throws -> [String: [Float]] {
      let run = try TextRun()
      run.tower.use(.bf16)
      run.tower.train(isTrained)
      _ = try run.step(reading: .all, in: Workspace(blockBytes: 1 << 16))
      return Dictionary(
        uniqueKeysWithValues: run.tower.parameters.trainable.map { ($0.name, $0.gradients) })
    }
    let all = try gradients { _ in true }
    let norms = try gradients { $0.name.contains("LayerNorm") || $0.name.hasSuffix(".bias") }
    #expect(norms.count < all.count && norms.count > 4)
    for (name, values) in norms where !name.hasSuffix("key.bias") {
      #expect(Distance.relative(values, try #require(all[name])) < 0.01, "\(name)")
    }
  }
}
