import ArgumentParser
import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingJobs

struct AlignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "align",
    abstract: "Align an image and a text tower on the captions of one language.",
    discussion: """
      xling align                       lwa on scenes, with the shipped towers
      xling align full --data FOLDER    another method, one's own pictures and captions

      What is trained is the method's choice: see `xling methods`. Ctrl-C writes a checkpoint and \
      ends with status 130; the same command with --resume goes on to the same bits, also after a \
      kill.
      """)

  @Argument(
    help: ArgumentHelp(
      "A method's name, as --method has it: see `xling methods` (default: lwa).",
      valueName: "method"))
  var word: String?

  @OptionGroup var selection: MethodSelection

  @Option(
    help: """
      scenes, emoji, stamps (in data/), or a dataset folder (default: scenes, which is built where it is \
      missing).
      """)
  var data: String?

  @Option(help: "A folder with config.json, model.safetensors and tokenizer (default: mini-text).")
  var textTower: String?

  @Option(
    help: "A folder with config.json and model.safetensors, or one file (default: mini-image).")
  var imageTower: String?

  @Option(help: "The run's folder (default: runs/METHOD-DATA-seedSEED).")
  var output: String?

  @Option(help: "A run whose trained weights this one starts from, where names and shapes agree.")
  var startFrom: String?

  @Option(
    help: ArgumentHelp(
      """
      New pieces for the tokenizer, as `xling tokenizer repair` writes them; their rows start as the mean of \
      their old pieces' and are trained whatever the method.
      """, valueName: "file"))
  var extendVocabulary: String?

  @OptionGroup var training: AlignTrainingOptions

  @Option(
    help: ArgumentHelp(
      """
      The order in which pairs of --mix are drawn, as `xling data few-shot` writes it (default: the file \
      that ships for scenes and emoji, else the same rule).
      """, valueName: "file"))
  var mixFile: String?

  @OptionGroup var links: LinkOptions

  @OptionGroup(title: "Pictures")
  var pictures: PictureOptions

  @Flag(help: "Go on with an interrupted run: same options, same bits.")
  var resume = false

  @OptionGroup(title: "What frozen layers compute")
  var caches: TrunkOptions

  @OptionGroup var store: StoreOption

  @OptionGroup var guess: GuessOption

  @OptionGroup var threads: ThreadsOption

  @OptionGroup var json: JSONOption

  func validate() throws {
    if word != nil, selection.method != nil || selection.preset != nil || selection.recipe != nil {
      throw ValidationError("name the method once: as a word, or by --method, --preset or --recipe")
    }
    // This one is an option of pictures, which other commands have, too.
    try training.check("resize_shorter", "--resize-shorter", pictures.resizeShorter)
  }

  func run() throws {
    threads.apply()
    Interruption.watch()
    let isUnsaid = word == nil && selection.isEmpty
    if isUnsaid {
      try guess.allow("the method", example: GivenCommand.adding(["--method", Self.usual]))
    }
    let card = try selection.card(usual: word ?? Self.usual)
    let data = try data ?? usualData()
    let job = try AlignJob(options(card, data))
    let progress = AlignProgress(
      "align \(card.name)", tellsPlan: isUnsaid || self.data == nil)
    var place: StorePlace?
    let result = try job.run(
      storing: { folder in
        let found = store.place(forNew: folder)
        place = found
        return try ExperimentStore(path: found.path)
      }, observe: { progress.show($0) })
    try json.print(result) {
      let next = ["xling", "eval", result.run, "--data", data, "--lang", "all"]
      return result.text + "\nnext: "
        + ShellWords.command(next + (place?.words(for: result.run) ?? []))
    }
  }

  /// What is trained where nobody says it.
  private static let usual = "lwa"

  /// `scenes`, built where it is missing. Throws ``GuessFailure/strict(what:example:)``, and what building
  /// throws.
  private func usualData() throws -> String {
    let usual = EmbeddedDataset.scenes
    try guess.allow("the data", example: GivenCommand.adding(["--data", usual.rawValue]))
    guard !FileManager.default.fileExists(atPath: usual.folder) else { return usual.rawValue }
    ProgressBar.toStandardError(
      "xling: building \(usual.folder) (10,000 pictures of emoji, some seconds)\n")
    let began = ProgressBar.uptime()
    let summary = try DatasetBuilder.scenes(into: usual.folder)
    ProgressBar.toStandardError(
      "xling: built \(usual.folder), \(summary.languages.count) languages, in "
        + "\(ProgressBar.duration(ProgressBar.uptime() - began))\n")
    return usual.rawValue
  }

  private func options(_ card: MethodCard, _ data: String) throws -> AlignJob.Options {
    var options = AlignJob.Options(
      card.recipe, try training.settings(card), data: data)
    options.followsLinks = links.followLinks
    (options.textTower, options.imageTower) = (textTower, imageTower)
    (options.output, options.startFrom) = (output, startFrom)
    options.extendsVocabulary = extendVocabulary
    options.mixFile = mixFile
    options.pictures = pictures.choices
    options.resumes = resume
    (options.keepsFeatures, options.trunks) = (!caches.noCache, caches.wish)
    options.command = RunCommand(
      folder: FileManager.default.currentDirectoryPath,
      words: ["xling"] + CommandLine.arguments.dropFirst().filter { $0 != "--resume" })
    options.resumeCommand = ShellWords.thisCommand(adding: resume ? [] : ["--resume"])
    return options
  }
}

extension AlignResult {
  var text: String {
    var lines = [
      "\(run): \(method), \(steps) steps on \(trainingPairs) pairs\(fewShot.map { ", \($0)," } ?? "") in "
        + ProgressBar.duration(seconds),
      String(
        format: "trained %d of %d parameters (%.2f %%)", trainedParameters, allParameters,
        trainedPercent),
    ]
    if let bestStep { lines.append("the model is that of step \(bestStep), the best on val") }
    if emptyCaptions > 0 {
      lines.append("\(emptyCaptions) captions are empty once preprocessed; they were trained on")
    }
    if let loss { lines.append(String(format: "loss %.4f", loss)) }
    if let validation {
      lines.append(
        String(
          format: "val, %d pairs: loss %.4f, first %.1f %% text to image, %.1f %% image to text",
          validation.pairs, validation.loss, 100 * validation.textToImageFirst,
          100 * validation.imageToTextFirst))
    }
    lines.append("checkpoint \(checkpoint)")
    return lines.joined(separator: "\n")
  }
}
