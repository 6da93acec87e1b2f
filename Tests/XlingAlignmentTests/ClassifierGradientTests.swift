import Foundation
import Testing
import XlingAdapters
import XlingCore
import XlingData
import XlingOptimization
import XlingTensor
import XlingTinyModel
import XlingTowers

@testable import XlingAlignment

/// Every trained tensor of a classifier against central differences of its loss, and the loss against its
/// definition.
@Suite struct ClassifierGradientTests {
  let workspace = Workspace(blockBytes: 1 << 20)
  let labels: [Int32] = [0, 2, 1, 1, 3, 0]

  private func batch() throws -> PictureBatch {
    let pairs = TinyPairs()
    let loader = PixelLoader(preprocessing: ImagePreprocessing(size: 16))
    return try PictureBatch(labels.count, of: loader.elementCount, in: workspace) {
      try loader.load(Array(labels.indices), step: nil, into: $0, picture: pairs.picture)
    }
  }

  static func classifier(
    _ method: String, with others: [String] = [], _ kind: ClassHead.Kind
  ) throws -> PictureClassifier {
    let model = try TinyModel.dual("projection")
    for (_, parameter) in model.parameters { parameter.isTrainable = false }
    let head: ClassHead
    switch kind {
    case .linear:
      head = .linear(classes: 4, width: model.image.outputWidth)
      // From zero nothing would flow below.
      Initialization.truncatedNormal(head.weight, seed: 4, deviation: 0.3)
    case .text:
      let ids = (0..<4).map { [Int32(2), Int32(7 + $0), Int32(20 - $0), 3] }
      head = .text(try model.embedTexts(ids), temperature: 0.3)
    }
    let classifier = PictureClassifier(model, head)
    let method = try FinetuneMethod(
      .init(recipe: .named(method)), with: others.map { try MethodCards.named($0) }, head: kind)
    try classifier.adapt(method, seed: 5)
    return classifier
  }

  @Test(arguments: [
    ("linear-probe", [], ClassHead.Kind.text), ("linear-probe", ["layernorm"], .text),
    ("layernorm", [], .text), ("full", [], .text), ("lwa", ["layernorm"], .text),
    ("compacter", [], .text), ("linear-probe", [], .linear), ("layernorm", [], .linear),
    ("prompt", ["layernorm"], .linear), ("full", [], .linear),
  ])
  func agreesWithCentralDifferences(
    _ method: String, _ others: [String], _ kind: ClassHead.Kind
  ) throws {
    let classifier = try Self.classifier(method, with: others, kind)
    let batch = try batch()
    let start = workspace.mark()
    func loss() -> Double {
      defer { workspace.release(to: start) }
      return Double(classifier.forwardBackward(.pictures(batch), labels: labels, in: workspace))
    }
    for (_, parameter) in classifier.trainedParameters { parameter.zeroGradient() }
    _ = loss()
    let trained = classifier.trainedParameters
    let gradients = trained.map {
      Array(UnsafeBufferPointer(start: $0.parameter.gradient, count: $0.parameter.count))
    }
    let total = GradientNorm.of(trained.map(\.parameter))
    #expect(total > 0)
    for ((name, parameter), gradient) in zip(trained, gradients) {
      var stream = RandomStream(seed: 11, name)
      let direction = gradient.map { _ in stream.uniform(-1, 1) }
      let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      let unit = direction.map { $0 / length }
      let slope = zip(gradient, unit).reduce(0.0) { $0 + Double($1.0) * $1.1 }
      let measured = difference(parameter, along: unit, loss)
      let norm = gradient.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
      #expect(
        abs(slope - measured) <= 1e-3 * norm + 2e-4 * total,
        "\(method) \(kind) \(name): backward \(slope), differences \(measured), norm \(norm)")
    }
  }

  /// Richardson's extrapolation, as in alignment's check.
  private func difference(
    _ parameter: Parameter, along direction: [Double], _ loss: () -> Double
  ) -> Double {
    let values = Array(parameter.values)
    func central(_ step: Double) -> Double {
      defer { for index in values.indices { parameter.value[index] = values[index] } }
      func moved(_ step: Double) -> Double {
        for index in values.indices {
          parameter.value[index] = Float(Double(values[index]) + step * direction[index])
        }
        return loss()
      }
      return (moved(step) - moved(-step)) / (2 * step)
    }
    return (4 * central(0.01) - central(0.02)) / 3
  }

  @Test func theLossIsTheMeanSurprise() {
    let logits = workspace.take(2, 3)
    let values: [Float] = [1, 2, 0.5, -1, 0, 3]
    for (index, value) in values.enumerated() { logits.pointer[index] = value }
    let loss = CrossEntropy.forwardBackward(logits, targets: [1, 0])
    func surprise(_ row: [Double], _ target: Int) -> Double {
      Foundation.log(row.reduce(0) { $0 + exp($1) }) - row[target]
    }
    let expected = (surprise([1, 2, 0.5], 1) + surprise([-1, 0, 3], 0)) / 2
    #expect(abs(Double(loss) - expected) < 1e-6)
    // Gradients of a softmax add up to nothing in each row.
    for row in 0..<2 { #expect(abs((0..<3).reduce(0) { $0 + logits[row, $1] }) < 1e-6) }
    #expect(logits[1, 0] < -0.4)
  }

  /// What each method trains, tensor by tensor.
  @Test func methodsTrainWhatTheySay() throws {
    func names(_ method: String, _ others: [String] = [], _ kind: ClassHead.Kind = .text) throws
      -> [String]
    {
      try Self.classifier(method, with: others, kind).trainedParameters.map(\.name)
    }
    #expect(try names("linear-probe") == ["classes.weight", "classes.temperature"])
    #expect(try names("linear-probe", [], .linear) == ["classes.weight", "classes.bias"])
    let norms = try names("layernorm")
    #expect(norms.count == 11 && norms.dropLast().allSatisfy { $0.contains("layernorm") })
    // A module comes without the LayerNorms that its card thaws beside it.
    #expect(try names("lwa").allSatisfy { !$0.contains("layernorm") })
    #expect(try names("lwa", ["layernorm"]).count { $0.contains("layernorm") } == 10)
    #expect(try names("full").contains("image_projection.weight"))
    #expect(try !names("full", [], .linear).contains("image_projection.weight"))
  }

  @Test func whatTrainsNothingOfTheImageSideIsRefused() throws {
    for (method, others) in [("lit", []), ("layernorm", ["layernorm"]), ("full", ["layernorm"])] {
      #expect(throws: AlignmentFailure.self) {
        try Self.classifier(method, with: others, .text)
      }
    }
    #expect(throws: AlignmentFailure.self) {
      try Self.classifier("layernorm", with: ["lwa"], .text)
    }
    // Adapters stay alone where a run has some.
    let model = try TinyModel.dual("lwa")
    let head = ClassHead.linear(classes: 2, width: model.image.outputWidth)
    let classifier = PictureClassifier(model, head)
    #expect(throws: AdapterFailure.hasModules(tower: "image")) {
      try classifier.adapt(
        FinetuneMethod(.init(recipe: .named("prompt")), head: .linear), seed: 1)
    }
    try classifier.adapt(
      FinetuneMethod(.init(recipe: .named("layernorm")), head: .linear), seed: 1)
  }
}
