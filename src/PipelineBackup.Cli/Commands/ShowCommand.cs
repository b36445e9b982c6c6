using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>show</c>: everything that a store says of one backup.</summary>
internal sealed class ShowCommand : OperationCommand
{
    private readonly Argument<string> _id = new("id|latest")
    {
        Description = "Id of a backup; 'latest' is the one that reaches furthest",
    };

    private readonly StoreOptions _store = new();

    public ShowCommand()
        : base("show", "Shows all that a backup says of itself, and what it builds on")
    {
        Add(_id);
        _store.AddTo(this);
    }

    /// <inheritdoc/>
    public override string Example => "pipelinebackup show latest --from /var/backups/dc1";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "shown"),
        (ExitCode.Refused, "the commit is damaged or of a newer format, or a backup it builds on is missing"),
        (ExitCode.NotFound, "the store, backup or plugin is not there"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(ParseResult parsed, Invocation run,
        CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        await using var archive = await _store.OpenAsync(parsed, run, cancellationToken);
        var catalog = new BackupCatalog(archive, set);
        var manifest = await catalog.FindAsync(parsed.GetValue(_id)!, cancellationToken);
        var chain = await catalog.ChainAsync(manifest, cancellationToken);
        return new()
        {
            Fields = new JsonObject
            {
                ["id"] = manifest.Id,
                ["set"] = set.ToString(),
                ["state"] = BackupText.State(manifest),
                ["chain"] = JsonOutput.List(chain.Select(backup => backup.Id)),
                ["manifest"] = JsonOutput.Of(manifest, ReportJson.Default.BackupManifest),
            },
            Text = output => Write(output, manifest, chain, set),
        };
    }

    private static void Write(TextWriter output, BackupManifest manifest, IReadOnlyList<BackupManifest> chain,
        BackupSet set)
    {
        output.Write($"backup {manifest.Id}\n");
        output.Write($"  set        {set}\n");
        output.Write($"  kind       {JsonOutput.Name(manifest.Kind)}, {BackupText.State(manifest)}\n");
        output.Write($"  chain      {string.Join(" > ", chain.Select(backup => backup.Id))}\n");
        output.Write($"  made       {Time(manifest.Started)} to {Time(manifest.Finished)} by {manifest.Tool}\n");
        string databases = manifest.PageSize > 0
            ? $"; databases {manifest.EngineVersion}, pages of {manifest.PageSize} bytes"
            : "";
        output.Write($"  format     version {manifest.Version}{databases}\n");
        output.Write($"  log stream {Text(manifest.LogSignature)}, reached {manifest.Position}\n");
        BackupText.WriteContent(output, manifest);
        foreach (var database in manifest.Databases)
        {
            output.Write($"\n  {database.Name}\n");
            output.Write($"    path       {database.OriginalPath}\n");
            output.Write($"    signature  {database.Signature}\n");
            string needs = string.Create(CultureInfo.InvariantCulture,
                $"{database.MinRequired}–{database.MaxRequired}, committed to {database.MaxCommitted}");
            output.Write($"    needs logs {(database.NeedsRecovery ? needs : "none")}\n");
            string repaired = string.Join(", ", database.Repaired.Select(index => Quantity.Count(index - 1)));
            if (repaired.Length > 0)
                output.Write($"    repaired   pages {repaired}\n");
        }

        output.Write($"\n  index      {Quantity.Bytes(manifest.Index.Length)}, SHA-256 {manifest.Index.Sha256}\n");
        if (manifest.BadPages is { } bad)
            output.Write($"  bad pages  {Quantity.Bytes(bad.Length)}, SHA-256 {bad.Sha256}\n");
        output.Write(
            $"  options    {manifest.Options.Compression}, bad pages: {manifest.Options.OnBadPage}, "
            + $"log gap: {manifest.Options.OnLogGap}\n");
        Table(output, "requests", manifest.Requests.Select(pair => (pair.Key, Quantity.Count(pair.Value))));
        Table(output, "rooms",
            manifest.Rooms.Select(pair => (pair.Key, Quantity.Duration(TimeSpan.FromSeconds(pair.Value)))));
    }

    private static void Table(TextWriter output, string heading, IEnumerable<(string Name, string Value)> pairs)
    {
        string text = string.Join(", ", pairs.Select(pair => $"{pair.Name} {pair.Value}"));
        if (text.Length > 0)
            output.Write($"  {heading,-10} {text}\n");
    }

    private static string Time(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Text(string value) => value.Length == 0 ? "none" : value;
}
