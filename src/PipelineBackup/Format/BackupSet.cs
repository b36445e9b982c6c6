namespace PipelineBackup;

/// <summary>
/// A named sequence of backups in a store; one store holds many. The name is one segment of an <see cref="ObjectName"/>, at
/// most 64 characters. Knows where in the store everything of the set lies.
/// </summary>
public readonly record struct BackupSet
{
    /// <summary>The object that makes a store one of ours.</summary>
    public static ObjectName FormatObject => ObjectName.Of("format.json");

    /// <summary>The set used when none is named.</summary>
    public static BackupSet Default => new("default");

    private readonly string? _name;

    private BackupSet(string name) => _name = name;

    /// <summary>Takes a set's name.</summary>
    /// <param name="name">Letters, digits, <c>.</c>, <c>_</c>, <c>-</c>; not starting with a dot; at most 64 characters; not
    /// <c>format.json</c>, which is the store's own.</param>
    /// <exception cref="ArgumentException">It is no such name.</exception>
    public static BackupSet Of(string name) =>
        name.Length is > 0 and <= 64 && name != FormatObject.ToString() && !name.Contains('/', StringComparison.Ordinal) && ObjectName.TryParse(name, out _)
            ? new(name)
            : throw new ArgumentException($"'{name}' is no name for a backup set: letters, digits, '.', '_' and '-', at most 64", nameof(name));

    /// <summary>The name.</summary>
    public override string ToString() => _name ?? "default";

    /// <summary>Prefix of all commits.</summary>
    internal string CommitPrefix => $"{this}/backups/";

    internal ObjectName Commit(BackupId id) => ObjectName.Of($"{this}/backups/{id}.json");

    internal string DataPrefix(BackupId id) => $"{this}/data/{id}/";

    internal ObjectName Data(BackupId id, string name) => ObjectName.Of($"{this}/data/{id}/{name}");

    internal ObjectName Index(BackupId id) => Data(id, "index.jsonl");

    internal ObjectName BadPages(BackupId id) => Data(id, "bad-pages.jsonl");

    internal ObjectName Mark(BackupId id, string kind, DateTimeOffset time) => ObjectName.Of(string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"{this}/marks/{id}/{kind}-{time.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}-{System.Security.Cryptography.RandomNumberGenerator.GetHexString(8, lowercase: true)}.json"));

    /// <summary>Prefix of everything that runs stored beside their commits.</summary>
    internal string AllData => $"{this}/data/";

    /// <summary>Prefix of all marks.</summary>
    internal string AllMarks => $"{this}/marks/";

    /// <summary>Prefix of all claims.</summary>
    internal string AllClaims => $"{this}/chain/";

    internal string MarkPrefix(BackupId id) => $"{AllMarks}{id}/";

    internal string ClaimPrefix(BackupId full) => $"{AllClaims}{full}/";

    /// <summary>The mark of a backup that is about to be removed; a fixed name, so that looking for it takes no listing.</summary>
    internal ObjectName Expiring(BackupId id) => ObjectName.Of($"{this}/marks/{id}/expiring.json");

    /// <summary>What a differential backup announces itself by: it takes no place in the chain.</summary>
    internal ObjectName DifferentialClaim(BackupId full, BackupId id) => ObjectName.Of($"{this}/chain/{full}/{id}");

    internal ObjectName ChainClaim(BackupId full, int member) =>
        ObjectName.Of(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{this}/chain/{full}/{member:000000}"));
}
