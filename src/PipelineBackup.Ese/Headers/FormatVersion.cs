using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>
/// The version of a database's format: main version, update and update minor. Main version and update decide whether
/// a reader understands the file; a minor only adds what older readers can ignore.
/// </summary>
/// <param name="Main">Main version; 0x620 since Windows 2000.</param>
/// <param name="UpdateMajor">The update: small numbers up to 20, then 30, 40, … as engine formats go on.</param>
/// <param name="UpdateMinor">The minor number of the update.</param>
public readonly record struct FormatVersion(uint Main, uint UpdateMajor, uint UpdateMinor) : IComparable<FormatVersion>
{
    /// <summary>The main version of every database since Windows 2000, and the only one that is read here.</summary>
    public const uint CurrentMain = 0x620;

    /// <summary>The engine format version (EFV) that <see cref="Newest"/> belongs to.</summary>
    public const uint NewestEngineFormat = 9600;

    /// <summary>The newest version whose every structure is known here.</summary>
    public static FormatVersion Newest => new(CurrentMain, 290, 600);

    /// <summary>Whether a reader of <paramref name="newest"/> reads this one too: minors do not count.</summary>
    /// <param name="newest">The newest version that the reader knows.</param>
    public bool IsReadableBy(FormatVersion newest) =>
        Main < newest.Main || (Main == newest.Main && UpdateMajor <= newest.UpdateMajor);

    /// <inheritdoc/>
    public int CompareTo(FormatVersion other) =>
        (Main, UpdateMajor, UpdateMinor).CompareTo((other.Main, other.UpdateMajor, other.UpdateMinor));

    /// <summary>Whether <paramref name="a"/> is older than <paramref name="b"/>.</summary>
    public static bool operator <(FormatVersion a, FormatVersion b) => a.CompareTo(b) < 0;

    /// <summary>Whether <paramref name="a"/> is newer than <paramref name="b"/>.</summary>
    public static bool operator >(FormatVersion a, FormatVersion b) => a.CompareTo(b) > 0;

    /// <summary>Whether <paramref name="a"/> is not newer than <paramref name="b"/>.</summary>
    public static bool operator <=(FormatVersion a, FormatVersion b) => a.CompareTo(b) <= 0;

    /// <summary>Whether <paramref name="a"/> is not older than <paramref name="b"/>.</summary>
    public static bool operator >=(FormatVersion a, FormatVersion b) => a.CompareTo(b) >= 0;

    /// <summary>As the engine's tools print it: <c>0x620,290,600</c>.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"0x{Main:x},{UpdateMajor},{UpdateMinor}");
}
