using System.Buffers;
using System.Globalization;

namespace PipelineBackup.Ese;

/// <summary>What a file of a log stream is for.</summary>
public enum LogFileKind
{
    /// <summary>The log that is written to, <c>edb.log</c>. Its header holds its generation.</summary>
    Current,

    /// <summary>A full log under its number, <c>edb0000001A.log</c>.</summary>
    Numbered,

    /// <summary>
    /// The next log in preparation, <c>edbtmp.log</c>: never replayed; often an old log to be used again.
    /// </summary>
    Temporary,

    /// <summary>A file that only holds disk space, <c>edbres00001.jrs</c>.</summary>
    Reserve,

    /// <summary>The checkpoint, <c>edb.chk</c>.</summary>
    Checkpoint,
}

/// <summary>
/// The name of a file of a log stream: three characters of base name, then what it is. Names are read whatever their
/// letter case, and written as the engine writes them.
/// </summary>
/// <param name="Base">The three characters; empty for reserve logs of old engines (<c>res1.log</c>).</param>
/// <param name="Kind">What the file is for.</param>
/// <param name="Number">Generation of a numbered log, number of a reserve log, else 0.</param>
/// <param name="Digits">Digits of the number in the name: 5 or 8 for numbered logs.</param>
/// <param name="HasNewExtension">Whether the extensions are <c>.jtx</c> and <c>.jcp</c> instead of <c>.log</c> and
/// <c>.chk</c>.</param>
public readonly record struct LogFileName(string Base, LogFileKind Kind, int Number, int Digits, bool HasNewExtension)
{
    private const int BaseLength = 3;
    private static readonly SearchValues<char> s_hexDigits = SearchValues.Create("0123456789ABCDEFabcdef");

    /// <summary>Generation of a numbered log; none for other files.</summary>
    public LogGeneration Generation => Kind == LogFileKind.Numbered ? new(Number) : LogGeneration.None;

    /// <summary>The name of a numbered log.</summary>
    /// <param name="baseName">Three characters.</param>
    /// <param name="generation">The generation.</param>
    /// <param name="short">Whether generations up to 0xFFFFF take five digits; otherwise all take eight.</param>
    public static LogFileName Numbered(string baseName, LogGeneration generation, bool @short = false) =>
        new(baseName, LogFileKind.Numbered, generation.Value, @short && generation.Value <= 0xFFFFF ? 5 : 8, false);

    /// <summary>The name of the log that is written to.</summary>
    /// <param name="baseName">Three characters.</param>
    public static LogFileName Current(string baseName) => new(baseName, LogFileKind.Current, 0, 0, false);

    /// <summary>Takes a file name, without folder. Names that are none of a log stream give false.</summary>
    /// <param name="name">The name.</param>
    /// <param name="result">What it says.</param>
    public static bool TryParse(ReadOnlySpan<char> name, out LogFileName result)
    {
        result = default;
        int dot = name.LastIndexOf('.');
        if (dot < 0)
            return false;
        var stem = name[..dot];
        switch (name[(dot + 1)..])
        {
            case var ext when Is(ext, "log") || Is(ext, "jtx"):
                return TryParseLog(stem, Is(ext, "jtx"), out result);
            case var ext when Is(ext, "chk") || Is(ext, "jcp"):
                result = new(stem.ToString(), LogFileKind.Checkpoint, 0, 0, Is(ext, "jcp"));
                return IsBase(stem);
            case var ext when Is(ext, "jrs"):
                return stem.Length == BaseLength + 8 && IsBase(stem[..BaseLength])
                    && Is(stem.Slice(BaseLength, 3), "res") && TryHex(stem[^5..], out int number)
                    && Take(new(stem[..BaseLength].ToString(), LogFileKind.Reserve, number, 5, false), out result);
            default:
                return false;
        }
    }

    /// <summary>The file name, as the engine writes it.</summary>
    public override string ToString()
    {
        string number = Number.ToString("X" + Math.Max(Digits, 1), CultureInfo.InvariantCulture);
        string log = HasNewExtension ? ".jtx" : ".log";
        return Kind switch
        {
            LogFileKind.Current => Base + log,
            LogFileKind.Numbered => Base + number + log,
            LogFileKind.Temporary => Base + "tmp" + log,
            LogFileKind.Reserve => Base.Length == 0 ? $"res{Number}.log" : $"{Base}res{number}.jrs",
            _ => Base + (HasNewExtension ? ".jcp" : ".chk"),
        };
    }

    private static bool TryParseLog(ReadOnlySpan<char> stem, bool newExtension, out LogFileName result)
    {
        result = default;
        if (Is(stem, "res1") || Is(stem, "res2"))
            return Take(new("", LogFileKind.Reserve, stem[3] - '0', 1, false), out result);
        if (stem.Length < BaseLength || !IsBase(stem[..BaseLength]))
            return false;
        string baseName = stem[..BaseLength].ToString();
        var rest = stem[BaseLength..];
        if (rest.IsEmpty)
            return Take(new(baseName, LogFileKind.Current, 0, 0, newExtension), out result);
        if (Is(rest, "tmp"))
            return Take(new(baseName, LogFileKind.Temporary, 0, 0, newExtension), out result);
        return rest.Length is 5 or 8 && TryHex(rest, out int number)
            && Take(new(baseName, LogFileKind.Numbered, number, rest.Length, newExtension), out result);
    }

    private static bool Take(LogFileName name, out LogFileName result)
    {
        result = name;
        return true;
    }

    private static bool Is(ReadOnlySpan<char> text, string word) =>
        text.Equals(word, StringComparison.OrdinalIgnoreCase);

    private static bool IsBase(ReadOnlySpan<char> text) => text.Length == BaseLength && !text.ContainsAny("./\\: ");

    // Signs and white space are no digits here; a generation of 0 or beyond 31 bits does not exist.
    private static bool TryHex(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        return !digits.ContainsAnyExcept(s_hexDigits)
            && int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out number)
            && number > 0;
    }
}
