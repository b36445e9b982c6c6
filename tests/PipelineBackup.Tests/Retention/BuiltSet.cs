using System.Globalization;
using System.Text.Json;
using PipelineBackup.Format;

namespace PipelineBackup.Tests.Retention;

/// <summary>A set in memory whose backups were never made: their commits are real, their packs a few bytes.</summary>
internal sealed class BuiltSet
{
    public static readonly DateTimeOffset Start = new(2026, 3, 2, 3, 0, 0, TimeSpan.Zero);

    private int _position;

    public BuiltSet() => Put("format.json", """{"format":"pipelinebackup","version":1,"features":{"required":[],"optional":[]}}""");

    public MemorySink Store { get; } = new();

    /// <summary>Names of all objects.</summary>
    public IEnumerable<string> Names => Store.ListAsync("", default).ToBlockingEnumerable().Select(stored => stored.Name.ToString());

    /// <summary>Adds a backup, on the day of that number.</summary>
    public string Add(
        BackupKind kind, double day, string? parent = null, bool damaged = false, string stream = "5e", string[]? databases = null,
        int packs = 1, int? position = null)
    {
        var id = BackupId.Create(kind, Start.AddDays(day));
        var manifest = Manifest(id, kind, parent, damaged, stream, databases ?? ["db1.edb"], packs, position ?? ++_position);
        AddData(id, packs);
        Store.PutAsync(BackupSet.Default.Commit(id), ObjectBody.Of(CommitDocument.Write(manifest)), default).AsTask().GetAwaiter().GetResult();
        if (parent is not null)
            Claim(manifest.Full, kind == BackupKind.Differential ? $"{id}" : Members(manifest.Full).ToString("000000", CultureInfo.InvariantCulture), $"{id}");
        return $"{id}";
    }

    /// <summary>Adds what a run has stored that did not come to its commit.</summary>
    public string AddLeftover(BackupKind kind, double day, int packs = 2)
    {
        var id = BackupId.Create(kind, Start.AddDays(day));
        AddData(id, packs);
        return $"{id}";
    }

    public void Claim(string full, string place, string owner) => Put($"default/chain/{full}/{place}", $$"""{"id":"{{owner}}"}""");

    public void Mark(string id, string mark, DateTimeOffset? time = null) => Put($"default/marks/{id}/{mark}.json", JsonSerializer.Serialize(
        new BackupMark(1, mark.Split('-')[0], "tests", id, time ?? Start), ArchiveJson.Default.BackupMark));

    public void Put(string name, string content) =>
        Store.PutAsync(ObjectName.Of(name), ObjectBody.Of(System.Text.Encoding.UTF8.GetBytes(content)), default).AsTask().GetAwaiter().GetResult();

    public void Spoil(string id) => Store.Tamper(BackupSet.Default.Commit(BackupId.Parse(id)), _ => "{}"u8.ToArray());

    public void Lose(string id) => Store.DeleteAsync(BackupSet.Default.Commit(BackupId.Parse(id)), default).AsTask().GetAwaiter().GetResult();

    /// <summary>Ids of the commits.</summary>
    public IEnumerable<string> Ids => Names.Where(name => name.StartsWith("default/backups/", StringComparison.Ordinal)).Select(name => name[16..^5]);

    /// <summary>An expiry on the day of that number.</summary>
    public BackupExpiry Expiry(RetentionPolicy policy, double day, IBackupSink? through = null) =>
        new(through ?? Store, new() { Policy = policy, Time = new StoppedTime(Start.AddDays(day)) });

    private int Members(string full) => 1 + Names.Count(name => name.StartsWith($"default/chain/{full}/0", StringComparison.Ordinal));

    private void AddData(BackupId id, int packs)
    {
        for (int pack = 1; pack <= packs; pack++)
            Put(string.Create(CultureInfo.InvariantCulture, $"default/data/{id}/pages-{pack:000000}.lz4"), $"pack {pack} of {id}");
        Put($"default/data/{id}/index.jsonl", $"index of {id}");
    }

    private BackupManifest Manifest(
        BackupId id, BackupKind kind, string? parent, bool damaged, string stream, string[] databases, int packs, int position) => new()
        {
            Version = 1,
            Tool = "tests",
            Id = $"{id}",
            Kind = kind,
            Parent = parent,
            Full = parent is null ? $"{id}" : FullOf(parent),
            Source = "nowhere",
            EngineVersion = "",
            PageSize = 4096,
            BaseName = "edb",
            LogSignature = stream,
            Started = id.Time,
            Finished = id.Time,
            Databases = parent is not null ? [] : [.. databases.Select(name => new ManifestDatabase
            {
                Name = name,
                OriginalPath = name,
                Signature = "51",
                State = "CleanShutdown",
                NeedsRecovery = false,
            })],
            DroppedDatabases = damaged ? ["gone.edb"] : [],
            Logs = new() { First = 1, Last = 1, Count = 1 },
            Position = string.Create(CultureInfo.InvariantCulture, $"{position:X8}:0000:0000"),
            Index = new(1, "00"),
            Options = new("none", "Fail", "Fail"),
            Totals = new(1, packs, 1, 1),
        };

    // What the parent says, or would say if its commit were there.
    private string FullOf(string parent)
    {
        var name = BackupSet.Default.Commit(BackupId.Parse(parent));
        return Names.Contains(name.ToString()) ? CommitDocument.Read(Store.Content(name), name).Full : parent;
    }
}

/// <summary>A clock that stands still.</summary>
internal sealed class StoppedTime(DateTimeOffset now) : TimeProvider
{
    public override DateTimeOffset GetUtcNow() => now;
}
