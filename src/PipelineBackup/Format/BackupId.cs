using System.Globalization;
using System.Security.Cryptography;

namespace PipelineBackup;

/// <summary>
/// The id of a backup: its time, its kind and four random bytes, for instance <c>20261120T120000Z-F-1a2b3c4d</c>. Ids of one
/// set sort by time: that of a backup is later than that of its parent, whatever the clock says.
/// </summary>
public readonly record struct BackupId : IComparable<BackupId>
{
    private const string TimeFormat = "yyyyMMdd'T'HHmmss'Z'";

    /// <summary>Length of every id in characters.</summary>
    public const int Length = 27;

    private static readonly System.Buffers.SearchValues<char> s_hexDigits = System.Buffers.SearchValues.Create("0123456789abcdef");

    private readonly string? _value;

    private BackupId(string value) => _value = value;

    /// <summary>The time in the id, UTC, to the second.</summary>
    public DateTimeOffset Time => DateTimeOffset.ParseExact(
        ToString()[..16], TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>The kind in the id.</summary>
    public BackupKind Kind => KindOf(ToString()[17])!.Value;

    /// <summary>Makes an id.</summary>
    /// <param name="kind">Kind of the backup.</param>
    /// <param name="now">The time.</param>
    /// <param name="after">The parent's id, which this one must follow; null without a parent.</param>
    public static BackupId Create(BackupKind kind, DateTimeOffset now, BackupId? after = null)
    {
        if (after is { } parent && parent.Time.AddSeconds(1) is var next && next > now)
            now = next;
        return new($"{now.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture)}-{Letter(kind)}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}");
    }

    /// <summary>Takes an id.</summary>
    /// <param name="value">The text.</param>
    /// <exception cref="FormatException">It is no id.</exception>
    public static BackupId Parse(string value) => TryParse(value, out var id) ? id : throw new FormatException($"'{value}' is no id of a backup");

    /// <summary>Takes an id, if it is one.</summary>
    /// <param name="value">The text.</param>
    /// <param name="id">The id, when the text is one.</param>
    public static bool TryParse(string? value, out BackupId id)
    {
        id = default;
        if (value is not { Length: Length } || value[16] != '-' || value[18] != '-' || KindOf(value[17]) is null
            || value.AsSpan(19).ContainsAnyExcept(s_hexDigits)
            || !DateTimeOffset.TryParseExact(value.AsSpan(0, 16), TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out _))
            return false;
        id = new(value);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(BackupId other) => string.CompareOrdinal(ToString(), other.ToString());

    /// <summary>The id as text.</summary>
    public override string ToString() => _value ?? "";

    private static char Letter(BackupKind kind) => kind switch
    {
        BackupKind.Full => 'F',
        BackupKind.Incremental => 'I',
        BackupKind.Differential => 'D',
        BackupKind.Copy => 'C',
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    private static BackupKind? KindOf(char letter) => letter switch
    {
        'F' => BackupKind.Full,
        'I' => BackupKind.Incremental,
        'D' => BackupKind.Differential,
        'C' => BackupKind.Copy,
        _ => null,
    };
}
