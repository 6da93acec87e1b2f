import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingEvaluation
import XlingExperiments
import XlingRuns
import XlingTensor

/// One fine-tuning under way: classifiers as they begin, the choice of a rate, the training, what is measured.
struct FinetuneWork {
  let options: FinetuneJob.Options
  let method: FinetuneMethod
  let data: FinetuneData
  let run: LoadedRun
  let runHash: String
  let start: FinetuneStart?
  let observe: (FinetuneJob.Event) -> Void
  let damage = PictureDamage()
  /// Of trained classes, then of held-out ones; nil of a linear head.
  let vectors: EmbeddingMatrix?
  let input: PictureInput

  init(
    options: FinetuneJob.Options, method: FinetuneMethod, data: FinetuneData, run: LoadedRun,
    runHash: String, start: FinetuneStart?, observe: @escaping (FinetuneJob.Event) -> Void
  ) throws {
    (self.options, self.method, self.data, self.run) = (options, method, data, run)
    (self.runHash, self.start, self.observe) = (runHash, start, observe)
    input = run.record.identity.configuration.pictureInput(
      side: run.model.image.configuration.imageSize)
    vectors = options.head == .text ? try Self.vectors(options, data, run) : nil
  }

  /// As `xling classify` has them.
  private static func vectors(
    _ options: FinetuneJob.Options, _ data: FinetuneData, _ run: LoadedRun
  ) throws -> EmbeddingMatrix {
    let names: ClassNames
    if let file = options.classes {
      names = try ClassNames.read(file)
    } else if let own = data.all.names {
      names = own
    } else {
      throw ClassificationFailure.unnamed(path: options.data)
    }
    let pictures = data.all.limited(to: data.classes)
    let language = options.language ?? run.record.identity.configuration.language
    let (languages, _) = try ClassLanguages.resolve([language], in: names, pictures, false)
    let classifier = Classifier(
      run.model, tokenizer: run.tokenizer, pictures: pictures,
      plan: EvaluationPlan(of: run, split: .test))
    return try classifier.classVectors(
      languages.first ?? language, names: names, prompts: try PromptSet.load(options.prompts))
  }

  /// The aligned run with a head of all trained classes, `heldOut` of those besides, and nothing trained yet.
  func plain(_ run: LoadedRun, heldOut: Bool = false) -> PictureClassifier {
    guard let vectors else {
      return PictureClassifier(
        run.model,
        .linear(classes: data.all.classes.count, width: run.model.image.outputWidth))
    }
    let count = data.all.classes.count + (heldOut ? data.heldOut.count : 0)
    return PictureClassifier(
      run.model,
      .text(
        vectors.rows(Array(0..<count)),
        temperature: run.model.temperature.value.pointee))
  }

  /// As training begins. `telling` what it starts from.
  private func adapted(telling: Bool) throws -> PictureClassifier {
    let classifier = plain(try LoadedRun(folder: options.run))
    try classifier.adapt(method, seed: configuration(rate: nil).training.seed)
    if let start {
      let taken = try start.copy(into: classifier)
      if telling { observe(.starting(from: start.path, tensors: taken)) }
    }
    return classifier
  }

  private func configuration(rate: Double?) -> FinetuneConfiguration {
    var settings = options.settings
    let pictures = data.training.pictures.count
    settings.batchSize = min(settings.batchSize ?? 64, pictures)
    if let rate { settings.rate = rate }
    var training = settings.configuration(of: method.recipe) { _ in pictures }
    let aligned = run.record.identity.configuration
    training.pictureInput = aligned.pictureInput
    training.pictureStatistics = aligned.pictureStatistics
    training.imagePooling = aligned.imagePooling
    training.imageHeads = aligned.imageHeads
    return FinetuneConfiguration(method, head: options.head, training: training)
  }

  func train(in folder: FinetuneFolder) throws -> (FinetuneRecord, PictureClassifier) {
    let (rate, tries) = try chosenRate(folder)
    let configuration = configuration(rate: rate)
    let classifier = try adapted(telling: true)
    let identity = FinetuneIdentity(
      runHash: runHash, drawHash: data.draw.hash, classes: data.all.classes,
      heldOut: data.heldOut, vectorsHash: vectors.map(Self.hash), startsFrom: start?.hash,
      configuration: configuration)
    observe(
      .planned(
        method: method.name, pictures: data.training.pictures.count,
        classes: data.all.classes.count, heldOut: data.heldOut.count,
        steps: configuration.training.steps))
    let absolute = { (path: String) in URL(fileURLWithPath: path).standardizedFileURL.path }
    let origin = FinetuneRecord.Origin(
      run: absolute(options.run), data: data.all.name, dataFolder: absolute(data.folder),
      labels: options.labels.rawValue, shots: options.shots, shotsSeed: options.shotsSeed,
      startedFrom: options.startFrom.map(absolute), tries: tries)
    let training = FinetuneTraining(
      try trainer(classifier, configuration), identity: identity, draw: data.draw, origin: origin,
      in: folder)
    if let command = options.resumeCommand { training.resumeCommand = command }
    training.changed = { [observe] in
      observe(.warning(.arithmeticChanged(folder: folder.path, $0)))
    }
    let record = try training.train { observe(.step($0)) }
    return (record, classifier)
  }

  private func trainer(
    _ classifier: PictureClassifier, _ configuration: FinetuneConfiguration
  ) throws -> ClassifierTrainer {
    let source = LabelledPictureSource(
      data.training, reading: input.reading, damage: damage)
    var frozen: (any FrozenFeatureStore)?
    if let store = options.featuresBeside, !classifier.model.imageIsTrained {
      frozen = try classifier.model.frozenFeatures(
        besideStore: store, of: run.record.identity)?.image
    }
    return try ClassifierTrainer(classifier, configuration, on: source, frozen: frozen)
  }

  private static func hash(_ vectors: EmbeddingMatrix) -> String {
    let digest = Digest()
    digest.update("\(vectors.count) \(vectors.width)\n")
    vectors.array().withUnsafeBytes { digest.update($0) }
    return digest.hexadecimal()
  }

  /// The first of the rates with the highest accuracy on val, each trained from the same start; those of a
  /// folder that was begun already are not tried again.
  private func chosenRate(_ folder: FinetuneFolder) throws -> (Double?, [RateTry]) {
    guard !options.rates.isEmpty else { return (nil, []) }
    if folder.exists {
      let begun = try folder.record()
      if begun.tries.map(\.rate) == options.rates {
        return (begun.identity.configuration.training.peakRate, begun.tries)
      }
    }
    let val = try FinetuneData.test(options.data, data.all.classes, options, split: .val).pictures
    let tries = try options.rates.map { rate in
      let began = ProgressBar.uptime()
      let classifier = try adapted(telling: false)
      var accuracy: Double?
      do {
        let outcome = try trainer(classifier, configuration(rate: rate)).train()
        guard case .finished = outcome else {
          throw InterruptionFailure.interrupted(
            work: "trying learning rates", resume: options.resumeCommand ?? "the same command")
        }
        let measured = try ClassMeasurement(
          classifier, on: val, rows: Array(data.all.classes.indices), part: .seen, phase: .after,
          leftOut: [], input: input, damage: damage)
        accuracy = Double(measured.isFirst.count { $0 }) / Double(val.pictures.count)
      } catch AlignmentFailure.diverged { accuracy = nil }
      let tried = RateTry(
        rate: rate, accuracy: accuracy, n: val.pictures.count,
        seconds: ProgressBar.uptime() - began)
      observe(.tried(tried))
      return tried
    }
    let best = tries.compactMap(\.accuracy).max()
    guard let best, let chosen = tries.first(where: { $0.accuracy == best }) else {
      throw AlignmentFailure.configuration(
        reason: "the training diverged at every one of the rates tried: give lower ones")
    }
    return (chosen.rate, tries)
  }
}
