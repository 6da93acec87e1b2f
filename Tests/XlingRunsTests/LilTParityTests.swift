import Testing
import XlingAdapters
import XlingAlignment
import XlingOptimization
import XlingRuns
import XlingTensor
import XlingTestSupport
import XlingTowers

/// Our methods against the unmodified LilT code, its results computed in float64.
@Suite(.enabled(if: LilTConfiguration.isPresent, "needs ../shared/fixtures/parity/lilt"))
struct LilTParityTests {
  let workspace = Workspace(blockBytes: 1 << 18)

  /// The same tensors are trained, and as many numbers.
  @Test(arguments: LilTConfiguration.all)
  func trains(configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    #expect(
      Set(model.trained.map(\.name.name)) == Set(model.info.trainable.map(\.name)))
    #expect(
      model.trained.reduce(0) { $0 + $1.parameter.count }
        == model.info.trainable.reduce(0) { $0 + $1.numel })
  }

  /// Names, shapes and values of the state that LilT loads, whole.
  @Test(arguments: LilTConfiguration.all)
  func theExportedStateIsLilTs(configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    let file = try TensorFile(
      path: SharedData.path(
        LilTConfiguration.folder + "/\(configuration.name)/\(model.info.before)"))
    let state = try LilTStateDict(model.dual).tensors
    // A buffer that LilT's constructor fills.
    let buffer = "text_encoder.embeddings.position_ids"
    #expect(state.map(\.name).sorted() == file.names.filter { $0 != buffer })
    for tensor in state {
      #expect(tensor.shape == (try file.shape(tensor.name)), "\(tensor.name)")
      // The temperature is clamped when LilT's own would be at the next forward pass.
      if tensor.name != "temp" {
        #expect(tensor.values == (try file.floats(tensor.name)), "\(tensor.name)")
      }
    }
  }

  @Test(arguments: LilTConfiguration.all)
  func featuresAndLoss(configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    let forward = try configuration.file("forward")
    let texts = model.dual.encodeTexts(try model.texts(0), in: workspace)
    let images = try model.pixels(0).withUnsafeBufferPointer {
      model.dual.encodeImages(
        PictureBatch(pixels: $0.baseAddress!, count: texts.rows), in: workspace)
    }
    #expect(Distance.largest(texts.array(), try forward.floats("text_feat")) < 1e-5)
    #expect(Distance.largest(images.array(), try forward.floats("image_feat")) < 1e-5)
    let loss = try forward.floats("loss")[0]
    #expect(abs(try model.step(0, in: workspace) - loss) <= 1e-5 * max(1, abs(loss)))
  }

  @Test(arguments: LilTConfiguration.all)
  func gradients(configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    let golden = try configuration.file("grads")
    _ = try model.step(0, in: workspace)
    // At temperature 0.001 the rounding of a cosine is multiplied by a thousand.
    let bound = configuration.name == "layernorm_temp_low" ? 1e-3 : 1e-4
    for (name, parameter) in model.trained {
      let expected = try name.values(in: golden)
      let found = Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
      // Zero but for rounding: softmax ignores what all keys share.
      if isKeyBias(parameter) {
        #expect(Distance.largest(found, expected) < 1e-5, "\(parameter.name)")
      } else if parameter === model.dual.temperature {
        // A sum that nearly cancels; LilT itself is off by 1e-7 in float32.
        #expect(abs(found[0] - expected[0]) < max(1e-6, Float(bound) * abs(expected[0])))
      } else {
        #expect(Distance.relative(found, expected) < bound, "\(parameter.name)")
      }
    }
  }

  /// Ten AdamW steps. Elements whose gradient is near zero may go another way, one in a thousand.
  @Test(arguments: LilTConfiguration.all.filter { $0.name != "layernorm_temp_low" })
  func tenSteps(configuration: LilTConfiguration) throws {
    let model = try LilTModel(configuration)
    let optimizer = AdamW(parameters: model.trained.map(\.parameter))
    for (batch, expected) in model.info.train.loss.enumerated() {
      workspace.reset()
      model.clampTemperature()
      let loss = try model.step(batch, in: workspace)
      #expect(abs(Double(loss) - expected) < 1e-4, "step \(batch)")
      optimizer.step(rate: 1e-3)
    }
    let golden = try configuration.file("after")
    var elements = 0
    var away = 0
    for (name, parameter) in model.trained where !isKeyBias(parameter) {
      let expected = try name.values(in: golden)
      elements += parameter.count
      away += zip(parameter.values, expected).count { abs($0 - $1) > 2e-5 }
    }
    #expect(away * 1000 <= elements, "\(away) of \(elements)")
  }

  private func isKeyBias(_ parameter: Parameter) -> Bool { parameter.name.hasSuffix("key.bias") }
}
