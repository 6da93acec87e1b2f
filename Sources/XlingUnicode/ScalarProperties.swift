import CICU

/// General categories, in ICU's order.
public enum GeneralCategory: Int32, Sendable, CaseIterable {
  case unassigned = 0
  case uppercaseLetter, lowercaseLetter, titlecaseLetter, modifierLetter, otherLetter
  case nonspacingMark, enclosingMark, spacingMark
  case decimalNumber, letterNumber, otherNumber
  case spaceSeparator, lineSeparator, paragraphSeparator
  case control, format, privateUse, surrogate
  case dashPunctuation, openPunctuation, closePunctuation, connectorPunctuation, otherPunctuation
  case mathSymbol, currencySymbol, modifierSymbol, otherSymbol
  case initialPunctuation, finalPunctuation
}

/// Properties of single scalars as ICU's Unicode version has them (not the Swift runtime's).
public enum ScalarProperties {
  public static func category(_ scalar: UInt32) -> GeneralCategory {
    GeneralCategory(rawValue: xling_general_category(scalar)) ?? .unassigned
  }

  /// The Script property, in ICU's numbers (UScriptCode).
  public static func script(_ scalar: UInt32) -> Int { Int(xling_script(scalar)) }

  /// The Unicode version, without its minor number, that added the scalar; 0 when none has yet.
  public static func age(_ scalar: UInt32) -> Int { Int(xling_age(scalar)) }

  public static func isWhiteSpace(_ scalar: UInt32) -> Bool { xling_is_white_space(scalar) == 1 }

  /// The script's name, "Latin"; "Common" and "Inherited" for what belongs to several.
  public static func scriptName(_ scalar: UInt32) -> String {
    String(cString: xling_script_name(scalar))
  }

  /// The script's code of ISO 15924, "Latn"; "Zyyy" and "Zinh" for what belongs to several, "Zzzz" for none.
  public static func scriptCode(_ scalar: UInt32) -> String {
    String(cString: xling_script_code(scalar))
  }

  /// Canonical combining class, 0 for bases.
  public static func combiningClass(_ scalar: UInt32) -> UInt8 {
    UInt8(truncatingIfNeeded: xling_combining_class(scalar))
  }

  /// One scalar to one scalar, without context or language.
  public static func simpleLowercase(_ scalar: UInt32) -> UInt32 { xling_simple_lowercase(scalar) }

  /// The scalar that two compose to canonically; nil when they do not.
  public static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    UInt32(exactly: xling_composition(first, second))
  }

  /// The full canonical decomposition; empty when the scalar is its own.
  public static func decomposition(_ scalar: UInt32) -> [UInt32] {
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 64) { buffer in
      guard let units = buffer.baseAddress else { return [] }
      let length = xling_decomposition(scalar, units)
      guard length > 0 else { return [] }
      // ICU writes well-formed UTF-16.
      var (scalars, high): ([UInt32], UInt32) = ([], 0)
      for unit in buffer[..<min(Int(length), 64)] {
        if unit & 0xFC00 == 0xD800 {
          high = UInt32(unit & 0x3FF) << 10 + 0x10000
        } else {
          scalars.append(unit & 0xFC00 == 0xDC00 ? high + UInt32(unit & 0x3FF) : UInt32(unit))
        }
      }
      return scalars
    }
  }

  /// What `traits` says of a scalar.
  public static let changesInLowercase: UInt8 = 1
  public static let decomposesOrCombines: UInt8 = 2
  public static let leavesNFCInDoubt: UInt8 = 4
  public static let leavesNFKCInDoubt: UInt8 = 8

  /// One byte for each of the 0x110000 code points. A text none of whose scalars leaves a form in
  /// doubt is in that form. Throws ``UnicodeFailure`` when ICU lacks its data.
  public static func traits() throws -> [UInt8] {
    var table = [UInt8](repeating: 0, count: 0x110000)
    let result = xling_scalar_traits(&table)
    if result < 0 {
      throw UnicodeFailure.icu(
        operation: "read its character data", error: UnicodeFailure.name(-result))
    }
    return table
  }
}
