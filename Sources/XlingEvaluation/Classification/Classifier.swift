import Foundation
import XlingAlignment
import XlingCore
import XlingData
import XlingExperiments
import XlingRetrieval
import XlingTensor
import XlingTokenizers

/// One model on labelled pictures (Radford et al. 2021, section 3.1): a class's vector is the mean of
/// the unit vectors of its sentences, scaled to unit length; a picture's class is the one whose vector
/// is nearest. Pictures are embedded once, sentences language by language.
public final class Classifier {
  public let pictures: LabelledPictures
  public let plan: EvaluationPlan
  private let model: DualEncoder
  private let tokenizer: any Tokenizer
  /// Of the pictures embedded so far.
  public let damage = PictureDamage()
  private var keptTexts: KeptEmbeddings
  private var keptPictures: KeptEmbeddings
  private var embeddedPictures: EmbeddingMatrix?
  private let resamples: Resamples

  /// `plan`: how sentences and pictures are read, and the bootstrap; its split and captions are not
  /// looked at. `cache`: where embeddings are kept, and ``LoadedRun/modelHash()``.
  public init(
    _ model: DualEncoder, tokenizer: any Tokenizer, pictures: LabelledPictures,
    plan: EvaluationPlan, cache: (rows: EmbeddingCache, model: String)? = nil
  ) {
    self.model = model
    self.tokenizer = tokenizer
    self.pictures = pictures
    self.plan = plan
    keptTexts = KeptEmbeddings(cache, width: model.embeddingWidth)
    keptPictures = KeptEmbeddings(cache, width: model.embeddingWidth)
    resamples = Resamples(
      clusterCount: pictures.pictures.count, count: plan.resamples, seed: plan.seed)
  }

  /// Contents that were embedded so far, being in no cache.
  public var embedded: (pictures: Int, texts: Int) { (keptPictures.computed, keptTexts.computed) }

  /// Accuracy in one language. Throws ``ClassificationFailure/missingNames(language:classes:of:)``
  /// unless `allowMissing`, and where no class has a name;
  /// ``ClassificationFailure/noTemplate(prompts:language:has:)``.
  public func classify(
    _ language: String, names: ClassNames, prompts: PromptSet, allowMissing: Bool = false
  ) throws -> ClassificationResult {
    let templates = try prompts.templates(in: language)
    let (named, missing) = try named(language, names, allowMissing)
    let present = named.indices.filter { named[$0] != nil }
    let sentences = present.map { Self.sentences(named[$0] ?? [], templates) }
    let ranking = try rank(sentences, present, language)
    let clusters = try Clusters(
      numbered: ranking.pictures.map(Int32.init), count: pictures.pictures.count)
    let accuracies = try [1, 5].filter { $0 == 1 || $0 < present.count }.map { k in
      ClassificationResult.Accuracy(
        k: k,
        estimate: try resamples.estimate(
          .recall(at: k), of: ranking.ranking, ties: plan.ties, clusters: clusters))
    }
    return ClassificationResult(
      language: language, classes: present.count, leftOut: missing,
      sharedNames: Self.shared(present.map { (pictures.classes[$0], named[$0] ?? []) }),
      templates: templates.count, accuracies: accuracies, ties: ranking.ranking.tieCount,
      protocolHash: protocolHash(present, sentences))
  }

  /// Unit vectors of all classes of the pictures, in their order. Throws as
  /// ``classify(_:names:prompts:allowMissing:)``.
  public func classVectors(
    _ language: String, names: ClassNames, prompts: PromptSet
  ) throws -> EmbeddingMatrix {
    let templates = try prompts.templates(in: language)
    let named = try named(language, names, false).names
    return try classVectors(named.map { Self.sentences($0 ?? [], templates) }, language)
  }

  /// Each class's names, nil where it has none, and the classes without.
  private func named(
    _ language: String, _ names: ClassNames, _ allowMissing: Bool
  ) throws -> (names: [[String]?], missing: [String]) {
    let named = pictures.classes.map { names.names(of: $0, in: language) }
    let missing = zip(pictures.classes, named).filter { $1 == nil }.map(\.0)
    guard missing.isEmpty || (allowMissing && missing.count < pictures.classes.count) else {
      throw ClassificationFailure.missingNames(
        language: language, classes: missing, of: pictures.classes.count)
    }
    return (named, missing)
  }

  /// One sentence a name and template.
  static func sentences(_ names: [String], _ templates: [String]) -> [String] {
    names.flatMap { name in
      templates.map { $0.replacingOccurrences(of: "{}", with: name) }
    }
  }

  /// Each picture of a class of `present` ranks those classes.
  private func rank(
    _ sentences: [[String]], _ present: [Int], _ language: String
  ) throws -> (ranking: Ranking, pictures: [Int]) {
    var places = [Int32?](repeating: nil, count: pictures.classes.count)
    for (place, number) in present.enumerated() { places[number] = Int32(place) }
    let queries = pictures.labels.indices.filter { places[Int(pictures.labels[$0])] != nil }
    let gold = queries.compactMap { places[Int(pictures.labels[$0])] }
    let classes = try classVectors(sentences, language)
    let all = try pictureEmbeddings()
    let ranking = try Ranking(
      queries: queries.count == pictures.labels.count ? all : all.rows(queries),
      gallery: classes, gold: GoldRelation(single: gold))
    return (ranking, queries)
  }

  /// Unit vectors of classes: means over each class's sentences, summed in double precision in
  /// their order, so that classes of equal sentences have equal vectors.
  private func classVectors(
    _ sentences: [[String]], _ language: String
  ) throws -> EmbeddingMatrix {
    let width = model.embeddingWidth
    let ids = try sentences.joined().map {
      try plan.reading.ids(
        of: $0, language: language, maximumTokens: plan.maximumTokens, by: tokenizer)
    }
    let rows = try keptTexts.rows(
      of: ids.map(Digest.key(ids:)), what: "sentences", batch: 4_096
    ) { places in
      try model.embedTexts(places.map { ids[$0] }, batchSize: 256)
    }
    return try EmbeddingMatrix(
      count: sentences.count, width: width, name: "class vectors", isUnitLength: true
    ) { vectors in
      var first = 0
      for (place, own) in sentences.enumerated() {
        var sum = [Double](repeating: 0, count: width)
        for row in first..<first + own.count {
          for column in 0..<width { sum[column] += Double(rows[row, column]) }
        }
        first += own.count
        let norm = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        for (column, value) in sum.enumerated() {
          vectors[place, column] = Float(norm > 0 ? value / norm : 0)
        }
      }
    }
  }

  /// Unit vectors of all pictures.
  private func pictureEmbeddings() throws -> EmbeddingMatrix {
    if let embeddedPictures { return embeddedPictures }
    let all = try keptPictures.rows(
      of: pictures.pictures, by: model, input: pictureInput, damage: damage)
    embeddedPictures = all
    return all
  }

  private var pictureInput: PictureInput { plan.pictureInput(of: model) }

  /// Names that several classes have, in the order of the first of them.
  static func shared(
    _ classes: [(name: String, names: [String])]
  ) -> [ClassificationResult.SharedName] {
    var owners: [String: [String]] = [:]
    var order: [String] = []
    for (name, names) in classes {
      for own in names where owners[own]?.last != name {
        if owners[own] == nil { order.append(own) }
        owners[own, default: []].append(name)
      }
    }
    return order.compactMap { name in
      guard let classes = owners[name], classes.count > 1 else { return nil }
      return ClassificationResult.SharedName(name: name, classes: classes)
    }
  }

  private func protocolHash(_ present: [Int], _ sentences: [[String]]) -> String {
    let digest = Digest()
    digest.update("classification\n\(pictures.name) \(pictures.contentHash)\n")
    for (number, own) in zip(present, sentences) {
      digest.update("\(pictures.classes[number])\t\(own.joined(separator: "\t"))\n")
    }
    digest.update(
      "at most \(plan.maximumTokens) tokens, read as \(plan.reading.description)"
        + (plan.textOutput.map { ", pooled \($0.pooling.description)" } ?? "") + "\n"
        + "\(pictureInput.description)\(plan.imagePoolingWords)\n\(tokenizer.contentHash)\n\(plan.ties.rawValue)\n"
        + "\(plan.resamples) \(plan.seed)\n")
    return digest.hexadecimal()
  }
}
