import Foundation
import Testing
import XlingTensor
import XlingTestSupport

@testable import XlingOptimization

/// Adafactor against the transformers library over twenty given gradients.
@Suite(.enabled(if: OptimizerFixture.isPresent, "needs ../shared/fixtures/parity/optim"))
struct AdafactorParityTests {
  let folder = SharedData.path("fixtures/parity/optim")

  struct Case: Sendable, CustomStringConvertible {
    let name: String
    /// The rate of update number `step`, counted from 0.
    let rate: @Sendable (Int) -> Double
    let options: @Sendable (inout Adafactor.Options) -> Void
    /// The reference decays vectors, too, which we do not.
    var parameters = ["w1", "w2", "b1", "temp"]
    var description: String { name }
  }

  static let cases: [Case] = [
    Case(
      name: "adafactor_fixed_lr", rate: { _ in 1e-3 }, options: { $0.weightDecay = 1e-4 },
      parameters: ["w1", "w2", "temp"]),
    Case(
      name: "adafactor_fixed_lr_beta1", rate: { _ in 1e-3 },
      options: {
        $0.beta1 = 0.9
        $0.scalesByParameter = true
      }),
    // "relative steps" are a schedule: the least of 1e-2 and 1/sqrt(t), or of 1e-6 t when warming.
    Case(
      name: "adafactor_relative_step", rate: { min(1e-2, 1 / Double($0 + 1).squareRoot()) },
      options: { $0.scalesByParameter = true }),
    Case(
      name: "adafactor_relative_step_warmup",
      rate: { min(1e-6 * Double($0 + 1), 1 / Double($0 + 1).squareRoot()) },
      options: { $0.scalesByParameter = true }),
  ]

  @Test(arguments: cases)
  func twentySteps(_ test: Case) throws {
    let fixture = try OptimizerFixture(test.name, parameters: test.parameters)
    var options = Adafactor.Options()
    test.options(&options)
    let optimizer = Adafactor(parameters: fixture.parameters, options: options)
    for step in 0..<20 {
      try fixture.give(step)
      optimizer.step(rate: Float(test.rate(step)))
      try fixture.expect(after: step, within: 7e-6)
    }
  }

  /// PyTorch's own differs from transformers' in its decay alone: by the rate before it is made
  /// relative to the parameter, and of vectors, too. That part is done here by hand.
  @Test func twentyStepsOfPyTorchs() throws {
    let fixture = try OptimizerFixture("adafactor_torch")
    var options = Adafactor.Options()
    options.scalesByParameter = true
    let optimizer = Adafactor(parameters: fixture.parameters, options: options)
    for step in 0..<20 {
      try fixture.give(step)
      let rate = try fixture.rate(step)
      let before = fixture.parameters.map { Array($0.values) }
      optimizer.step(rate: Float(min(rate, 1 / Double(step + 1).squareRoot())))
      for (parameter, values) in zip(fixture.parameters, before) {
        for (index, value) in values.enumerated() {
          parameter.value[index] -= Float(rate * 0.01) * value
        }
      }
      try fixture.expect(after: step, within: 7e-6)
    }
  }

  /// Scaled by max_norm / (total_norm + 1e-6).
  @Test(arguments: 0..<4)
  func clipping(_ index: Int) throws {
    let file = try TensorFile(path: folder + "/clip_grad_norm.safetensors")
    let prefix = "case\(index)."
    let names = file.names.filter { $0.hasPrefix(prefix + "grad.") }
    let parameters = try names.map { name in
      let parameter = Parameter(name, try file.shape(name))
      parameter.isTrainable = true
      for (at, value) in try file.floats(name).enumerated() { parameter.gradient?[at] = value }
      return parameter
    }
    let norm = GradientNorm.of(parameters)
    let expected = Double(try file.floats(prefix + "total_norm")[0])
    #expect(abs(norm - expected) <= 1e-6 * max(1, expected))
    GradientNorm.clip(
      parameters, norm: norm, to: Double(try file.floats(prefix + "max_norm")[0]))
    for (name, parameter) in zip(names, parameters) {
      let clipped = try file.floats(name.replacingOccurrences(of: ".grad.", with: ".clipped."))
      let found = Array(UnsafeBufferPointer(start: parameter.gradient, count: parameter.count))
      #expect(Distance.largest(found, clipped) < 1e-6)
    }
  }
}

@Suite struct ScheduleTests {
  private static let folder = "fixtures/parity"

  @Test(
    .enabled(if: SharedData.exists(folder + "/lilt"), "needs ../shared/fixtures/parity/lilt"),
    arguments: [150, 1154])
  func liltsScheduleIsItsCode(_ stepsPerEpoch: Int) throws {
    let path = SharedData.path("fixtures/parity/lilt/lr_\(stepsPerEpoch)_steps_per_epoch.csv")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let schedule = RunSchedule(
      shape: .lilt, peak: 1e-4, warmupSteps: 0, totalSteps: 15 * stepsPerEpoch,
      stepsPerEpoch: stepsPerEpoch)
    var checked = 0
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",").compactMap { Double($0) }
      for step in Int(fields[1])...Int(fields[2]) {
        #expect(abs(schedule.rate(step) / fields[3] - 1) < 1e-12, "step \(step)")
        checked += 1
      }
    }
    #expect(checked == 15 * stepsPerEpoch)
  }

  /// The reference's first update has rate zero; ours is one step further up.
  @Test(
    .enabled(if: SharedData.exists(folder + "/optim"), "needs ../shared/fixtures/parity/optim"),
    arguments: [
      (RateSchedule.cosine, 1, 0.0), (.cosine, 2, 0.1), (.linear, 3, 0), (.constant, 4, 0),
    ])
  func afterTheWarmUpTheReferenceIsFollowed(
    _ shape: RateSchedule, _ column: Int, _ floor: Double
  ) throws {
    let path = SharedData.path("fixtures/parity/optim/schedules.csv")
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let schedule = RunSchedule(
      shape: shape, peak: 1, warmupSteps: 10, totalSteps: 100, floor: floor, stepsPerEpoch: 1)
    for line in text.split(separator: "\n").dropFirst() {
      let fields = line.split(separator: ",").compactMap { Double($0) }
      let step = Int(fields[0])
      guard step < 100 else { break }
      let expected = step < 10 ? Double(step + 1) / 10 : fields[column]
      #expect(abs(schedule.rate(step) - expected) < 1e-9, "step \(step)")
    }
  }

  @Test func imageTowersHaveTheirOwnRates() {
    func rates(_ image: ImageRate, _ step: Int) -> RunSchedule.Rates {
      RunSchedule(
        shape: .constant, image: image, peak: 1, warmupSteps: 4, totalSteps: 80, stepsPerEpoch: 1
      ).rates(step)
    }
    #expect(rates(.same, 40) == .init(text: 1, image: 1, shared: 1))
    #expect(rates(.lower, 40) == .init(text: 1, image: 0.1, shared: 1))
    #expect(rates(.delay, 39).image == 0 && rates(.delay, 40).image == 0.25)
    #expect(rates(.delay, 43).image == 1 && rates(.lowerDelay, 43).image == 0.1)
    #expect(rates(.sigmoid, 40).image == 0.5 && rates(.sigmoid, 10).image < 0.01)
    let cycles = [0, 20, 40, 60].map { rates(.twoCycles, $0) }
    #expect(cycles.map(\.image) == [0, 1, 0, 1])
    #expect(cycles.dropFirst().map(\.text) == [0, 1, 0])
  }
}
