import XlingCore
import XlingRetrieval

extension StudyFigures {
  /// Conditions that differ in the language aligned on alone: whether the donor whose centroid lies nearest to a
  /// language's is the one to align on for it. Each figure is a mean of the primary metric over the same languages.
  public struct Donors: Codable, Sendable, Equatable {
    /// What the conditions share; empty where that is nothing.
    public let context: String
    public let donors: [String]
    /// That all of its conditions have.
    public let seeds: [UInt64]
    /// Languages that are found for, each aligned on by none of the donors that it is given.
    public let languages: Int
    /// Of how many the nearest donor is the best one.
    public let hits: Int
    /// With the nearest donor.
    public let nearest: Estimate
    /// With the donor that is best on average over the other languages: what one would take without looking.
    public let usual: Estimate
    /// With any of them, the mean.
    public let any: Estimate
    /// With the best in hindsight.
    public let best: Estimate
    public let choices: [Choice]

    public struct Choice: Codable, Sendable, Equatable {
      public let language: String
      public let nearest: String
      public let best: String
      /// By donor, in their order; nil of the language itself.
      public let distances: [Double?]
      public let values: [Double?]
    }
  }
}

extension StudyAnalysis {
  /// What a language gets of each donor: its place among them, the distance, the figure.
  private struct Offer {
    let donor: Int
    let distance: Double
    let figure: CrossedFigure
  }

  /// Of one language's offers.
  private struct Picked {
    let nearest: Offer
    let best: Offer
    let usual: Offer
  }

  /// Over the seeds that all conditions of a group have: one for each group with two donors or more and a language that both can be given to.
  func donors() -> [StudyFigures.Donors] {
    var order: [String] = []
    var groups: [String: [Int]] = [:]
    for condition in measured.conditions.indices where aligned(condition) != nil {
      let factors = measured.conditions[condition].factors.filter { $0.key != "language" }
      let name = factors.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        .joined(separator: " ")
      if groups[name] == nil { order.append(name) }
      groups[name, default: []].append(condition)
    }
    return order.compactMap { donors($0, groups[$0] ?? []) }
  }

  private func donors(_ context: String, _ conditions: [Int]) -> StudyFigures.Donors? {
    let names = conditions.map { aligned($0) ?? "" }
    let seeds = shared(conditions)
    guard names.count > 1, Set(names).count == names.count, !seeds.isEmpty else { return nil }
    var offers: [(language: String, list: [Offer])] = []
    for language in measured.languages where !measured.fewShot.contains(language) {
      let list = conditions.enumerated().compactMap { place, condition -> Offer? in
        guard names[place] != language,
          let distance = distance(condition, names[place], language),
          let own = figure(condition, language)
        else { return nil }
        return Offer(
          donor: place, distance: distance, figure: figure(own, of: condition, over: seeds))
      }
      // All donors but the language itself, or figures would be over other donors.
      let candidates = names.count { $0 != language }
      if list.count == candidates, list.count > 1 { offers.append((language, list)) }
    }
    // Averages are over other languages.
    guard offers.count > 1 else { return nil }
    let picked = offers.compactMap { pick(of: $0, among: offers) }
    func mean(_ figures: [CrossedFigure]) -> Estimate? { CrossedFigure.mean(figures)?.rate }
    guard let nearest = mean(picked.map(\.nearest.figure)),
      let best = mean(picked.map(\.best.figure)),
      let usual = mean(picked.map(\.usual.figure)),
      let any = mean(offers.compactMap { CrossedFigure.mean($0.list.map(\.figure)) })
    else { return nil }
    return StudyFigures.Donors(
      context: context, donors: names, seeds: seeds, languages: offers.count,
      hits: picked.count { $0.nearest.donor == $0.best.donor }, nearest: nearest, usual: usual,
      any: any, best: best,
      choices: zip(offers, picked).map { offer, picked in
        func row(_ value: (Offer) -> Double) -> [Double?] {
          names.indices.map { place in offer.list.first { $0.donor == place }.map(value) }
        }
        return .init(
          language: offer.language, nearest: names[picked.nearest.donor],
          best: names[picked.best.donor], distances: row(\.distance),
          values: row(\.figure.value))
      })
  }

  /// nil without offers.
  private func pick(
    of offer: (language: String, list: [Offer]), among all: [(language: String, list: [Offer])]
  ) -> Picked? {
    guard
      let nearest = offer.list.min(by: { ($0.distance, $0.donor) < ($1.distance, $1.donor) }),
      let best = offer.list.max(by: { ($0.figure.value, -$0.donor) < ($1.figure.value, -$1.donor) }
      ),
      let usual = usual(offer, among: all)
    else { return nil }
    return Picked(nearest: nearest, best: best, usual: usual)
  }

  /// Of a language's offers that of the donor that is best on average over the others.
  private func usual(
    _ offer: (language: String, list: [Offer]), among all: [(language: String, list: [Offer])]
  ) -> Offer? {
    func average(_ donor: Int) -> Double {
      let values = all.filter { $0.language != offer.language }
        .compactMap { $0.list.first { $0.donor == donor }?.figure.value }
      return values.reduce(0, +) / Double(max(1, values.count))
    }
    return offer.list.map { (offer: $0, average: average($0.donor)) }
      .max { ($0.average, -$0.offer.donor) < ($1.average, -$1.offer.donor) }?.offer
  }
}
