import Foundation
import XlingCore
import XlingOptimization
import XlingTensor
import XlingTowers

/// What an observer hears after every update.
public struct TrainingProgress: Sendable {
  /// Updates made, of `steps`.
  public let step: Int
  public let steps: Int
  public let loss: Float
  public let rate: Double
  public let temperature: Float
  /// Of training, earlier sessions included.
  public let seconds: Double
  /// When this step was validated.
  public let validation: ValidationPoint?
  public let pace: TrainingPace
}

/// Aligns two towers on pairs. It writes nothing: its state goes to whoever observes it, and from such a
/// state it goes on to the same bits.
public final class Trainer {
  /// What happens between two updates, in this order.
  public enum Event {
    /// The model is the best so far, and early stopping will take the best.
    case best(ValidationPoint)
    /// A step is done, and validated where that was due. `checkpoint` is there where one is to be written.
    case step(TrainingProgress, checkpoint: TrainingState?)
  }

  /// How a training ended.
  public enum Outcome {
    /// After the last step, or early.
    case finished(TrainingState)
    /// ``Trainer/shouldStop`` said so: the training goes on from this state.
    case stopped(TrainingState)
  }

  public let model: DualEncoder
  public let configuration: AlignmentConfiguration
  /// Off, frozen towers run for every batch: same bits, slower; for tests.
  public var cachesFrozenFeatures = true
  private let frozen: FrozenFeatureStores?
  /// Asked before every step, and between the batches of a validation: true stops.
  public var shouldStop: () -> Bool = { Interruption.requested }
  /// Hears how many of so many pairs are validated.
  public var validating: (_ done: Int, _ of: Int) -> Void = { _, _ in }

  /// Hears of how many of so many pairs the moments are taken that heads standardize by.
  public var standardizing: (_ done: Int, _ of: Int) -> Void = { _, _ in }

  public let training: any PairSource
  private let optimizer: any Optimizer
  private let validation: Validation?
  private let workspace = Workspace()
  private var counters = TrainingState.Counters()
  private let schedule: RunSchedule
  private var pace: TrainingPace
  /// Which side's rate each of the optimizer's parameters has.
  private let sides: [KeyPath<RunSchedule.Rates, Double>]

  /// What ends a training from within a validation.
  private struct Stopped: Error {}

  /// `model` as built from its towers by the configuration's recipe and seed; `frozen`: where vectors of
  /// frozen towers stay from run to run, with the same bits. Throws
  /// ``AlignmentFailure/configuration(reason:)``.
  public init(
    _ model: DualEncoder, _ configuration: AlignmentConfiguration, training: any PairSource,
    validation: (any PairSource)?, frozen: FrozenFeatureStores? = nil
  ) throws {
    self.frozen = frozen
    self.model = model
    self.configuration = configuration
    self.training = training
    try configuration.check(pairs: training.count)
    self.validation = Validation(validation, model, configuration, stores: frozen)
    optimizer = configuration.optimizer.make(model.trainedParameters.map(\.parameter))
    schedule = configuration.schedule(pairs: training.count)
    pace = TrainingPace(
      batchSize: configuration.batchSize, steps: configuration.steps,
      stepsPerEpoch: training.count / configuration.batchSize,
      validateEvery: configuration.validateEvery, validationPairs: self.validation?.pairs ?? 0,
      keepsInputs: TrainingBatches(
        model, training, configuration, cachesFrozenFeatures: true, stores: frozen
      ).keepsInputs)
    sides = model.trainedParameters.map { _, parameter in
      switch parameter.role.side {
      case .text: \.text
      case .image: \.image
      case nil: \.shared
      }
    }
    for tower in [model.text as any Tower, model.image] {
      tower.encoder.recomputesActivations = configuration.recomputesActivations
    }
  }

  public var state: TrainingState {
    TrainingState(
      counters: counters, model: model.storedParameters,
      optimizer: model.trainedParameters.enumerated().flatMap { index, entry in
        optimizer.state(of: index).map {
          (name: entry.name + "#" + $0.kind, parameter: $0.tensor)
        }
      })
  }

  /// Goes on from counters whose tensors were read into those of ``state``.
  public func restore(_ counters: TrainingState.Counters) {
    self.counters = counters
    optimizer.restore(steps: counters.step)
  }

  /// Trains to the last step, from the first or from what was restored. Throws
  /// ``AlignmentFailure/diverged(step:loss:gradientNorm:rate:checkpoint:)`` without a checkpoint, what
  /// reading pictures and what `observe` throws.
  public func train(_ observe: (Event) throws -> Void = { _ in }) throws -> Outcome {
    var batches = TrainingBatches(
      model, training, configuration, cachesFrozenFeatures: cachesFrozenFeatures, stores: frozen)
    let (before, start) = (counters.seconds, ProgressBar.uptime())
    func complete() throws {
      counters.isValidationDue = true
      let point = try validate(observe)
      counters.isValidationDue = false
      counters.seconds = before + ProgressBar.uptime() - start
      try observe(.step(progress(point), checkpoint: isCheckpointDue ? state : nil))
    }
    do {
      if counters.step == 0, model.lacksMoments { try takeMoments(&batches) }
      if counters.isValidationDue { try complete() }
      while counters.step < configuration.steps, !isOver {
        counters.seconds = before + ProgressBar.uptime() - start
        try stopIfAsked()
        try update(&batches)
        try complete()
      }
    } catch is Stopped {
      return .stopped(state)
    }
    return .finished(state)
  }

  /// Of what the heads read, over the pairs of the first steps as these show them, without noise.
  private func takeMoments(_ batches: inout TrainingBatches) throws {
    let (size, chunk) = (batches.batchSize, configuration.chunkSize ?? batches.batchSize)
    let steps = max(1, min(DualEncoder.standardizingPairs, training.count) / size)
    let parts = (0..<steps).flatMap { step in
      stride(from: 0, to: size, by: chunk).map { (step: step, rows: $0..<min($0 + chunk, size)) }
    }
    try model.takeMoments(parts, in: workspace) { part in
      try stopIfAsked()
      standardizing(part.step * size + part.rows.lowerBound, steps * size)
      return try batches.draw(step: part.step, rows: part.rows, in: workspace)
    }
    standardizing(steps * size, steps * size)
  }

  private var isOver: Bool { counters.stopping.isOver(patience: configuration.patience) }

  private var isCheckpointDue: Bool {
    counters.step % configuration.checkpointEvery == 0 || counters.step == configuration.steps
      || isOver
  }

  private func progress(_ point: ValidationPoint?) -> TrainingProgress {
    TrainingProgress(
      step: counters.step, steps: configuration.steps, loss: counters.loss ?? .nan,
      rate: schedule.rates(counters.step - 1).shared,
      temperature: model.temperature.value.pointee, seconds: counters.seconds, validation: point,
      pace: pace)
  }

  /// One update, after which the counters have the loss before it.
  private func update(_ batches: inout TrainingBatches) throws {
    let step = counters.step
    let rates = schedule.rates(step)
    workspace.reset()
    model.zeroGradients()
    model.dropout = configuration.dropout.map {
      TrainingDropout(policy: $0, seed: configuration.seed, step: step)
    }
    model.noise = TrainingNoise(configuration, step: step)
    let size = batches.batchSize
    let began = ProgressBar.uptime()
    var input = 0.0
    let loss = try model.forwardBackward(
      count: size, chunk: configuration.chunkSize ?? size, in: workspace
    ) { rows in
      let asked = ProgressBar.uptime()
      defer { input += ProgressBar.uptime() - asked }
      return try batches.draw(step: step, rows: rows, in: workspace)
    }
    let norm = GradientNorm.of(optimizer.parameters)
    let first = counters.firstLoss ?? loss
    // A loss ten times that of the first step, or of guessing, will not come back.
    let limit = 10 * max(first, log(Float(size)))
    guard loss.isFinite, norm.isFinite, loss <= limit else {
      throw AlignmentFailure.diverged(
        step: step + 1, loss: loss, gradientNorm: norm, rate: rates.shared, checkpoint: nil)
    }
    counters.firstLoss = first
    if let limit = configuration.gradientClip {
      GradientNorm.clip(optimizer.parameters, norm: norm, to: limit)
    }
    optimizer.step(rates: sides.map { Float(rates[keyPath: $0]) })
    model.clampTemperature()
    (counters.step, counters.loss) = (step + 1, loss)
    pace.note(step: step, input: input, work: ProgressBar.uptime() - began - input)
  }

  private func validate(_ observe: (Event) throws -> Void) throws -> ValidationPoint? {
    let (every, done) = (configuration.validateEvery, counters.step)
    guard let validation, done == configuration.steps || (every > 0 && done % every == 0) else {
      return nil
    }
    workspace.reset()
    let began = ProgressBar.uptime()
    let point = try validation.measure(model, step: done, in: workspace) { pairs, all in
      validating(pairs, all)
      // The validation is done anew on the resume: what was updated is kept.
      if pairs < all { try stopIfAsked() }
    }
    pace.note(validation: ProgressBar.uptime() - began)
    counters.validation = point
    // Without a patience the last checkpoint is the run's model.
    if counters.stopping.note(point), configuration.patience != nil { try observe(.best(point)) }
    return point
  }

  private func stopIfAsked() throws {
    if shouldStop() { throw Stopped() }
  }
}
