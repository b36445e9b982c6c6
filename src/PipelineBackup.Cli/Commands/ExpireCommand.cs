using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;

namespace PipelineBackup.Cli.Commands;

/// <summary><c>expire</c>: removes old backups by rules, and what runs that died left behind.</summary>
internal sealed class ExpireCommand : OperationCommand
{
    private readonly StoreOptions _store = new();
    private readonly Option<int?> _last = Rule("--keep-last", "Keep the newest N backups");

    private readonly Option<int?> _days =
        Rule("--keep-days", "Keep the backups of the last N days, and the newest one before them");

    private readonly Option<int?> _weekly =
        Rule("--keep-weekly", "Keep the newest backup of each of the last N weeks that have one");

    private readonly Option<int?> _monthly =
        Rule("--keep-monthly", "Keep the newest backup of each of the last N months that have one");

    private readonly Option<bool> _plan = new("--plan") { Description = "Show what would be removed, and remove nothing" };

    public ExpireCommand()
        : base("expire",
            "Removes the backups that no rule keeps, and what runs that died left behind. A kept backup keeps all that it "
            + "builds on. Whatever the rules say, there stay: the newest backup that restores, the newest without damage, "
            + "the one that the next incremental backup continues, pinned ones, and those that the store has locked")
    {
        _store.AddTo(this);
        Add(_last);
        Add(_days);
        Add(_weekly);
        Add(_monthly);
        Add(_plan);
    }

    /// <inheritdoc/>
    public override string Example =>
        "pipelinebackup expire --from /var/backups/dc1 --keep-days 14 --keep-weekly 8 --keep-monthly 12 --plan";

    /// <inheritdoc/>
    public override IReadOnlyList<(ExitCode Code, string Meaning)> Exits =>
    [
        (ExitCode.Done, "removed, or planned; there may have been nothing to remove"),
        (ExitCode.Failed, "failed; what is gone is told, all that is still listed restores, and the next run goes on"),
        (ExitCode.Refused,
            "a commit is damaged, or of a newer format: it stays, with all that it may build on; the rest is done"),
        (ExitCode.NotFound, "the store or plugin is not there"),
        (ExitCode.InUse, "another expiry is removing backups at this moment"),
    ];

    /// <inheritdoc/>
    public override async Task<CommandResult> RunAsync(
        ParseResult parsed, Invocation run, CancellationToken cancellationToken)
    {
        var set = _store.SetOf(parsed);
        var options = new ExpiryOptions { Set = set, Policy = PolicyOf(parsed), Logger = run, Time = run.Terminal.Time };
        await using var sink = await _store.OpenToMarkAsync(parsed, run, cancellationToken);
        var expiry = new BackupExpiry(sink, options);
        if (parsed.GetValue(_plan))
        {
            var plan = await expiry.PlanAsync(cancellationToken);
            return Result(plan, null, set);
        }

        var report = await expiry.RunAsync(cancellationToken);
        return Result(report.Plan, report, set);
    }

    private static Option<int?> Rule(string name, string description) => new(name) { Description = description, HelpName = "N" };

    private RetentionPolicy PolicyOf(ParseResult parsed)
    {
        var rules = new[] { _last, _days, _weekly, _monthly };
        if (rules.All(rule => parsed.GetValue(rule) is null))
        {
            throw new UsageException("nothing says what to keep",
                $"give one or more of {string.Join(", ", rules.Select(rule => rule.Name))}; --plan shows what they would remove");
        }

        if (rules.FirstOrDefault(rule => parsed.GetValue(rule) < 1) is { } wrong)
            throw new UsageException($"{wrong.Name} takes a number from 1 on", "leave it out for no such rule");
        return new()
        {
            KeepLast = parsed.GetValue(_last),
            KeepDays = parsed.GetValue(_days),
            KeepWeekly = parsed.GetValue(_weekly),
            KeepMonthly = parsed.GetValue(_monthly),
        };
    }

    private static CommandResult Result(ExpiryPlan plan, ExpiryReport? report, BackupSet set) => new()
    {
        Exit = report?.ExitCode ?? plan.ExitCode,
        Failure = FailureOf(plan, report),
        Fields = new JsonObject
        {
            ["set"] = set.ToString(),
            ["planned"] = report is null,
            ["backups"] = JsonOutput.List(plan.Backups.Select(backup => Row(
                backup.Manifest.Id, JsonOutput.Name(backup.Manifest.Kind), backup.IsRemoved, backup.Reasons, backup.Objects, backup.Bytes))),
            ["leftovers"] = JsonOutput.List(plan.Leftovers.Select(left => Row(
                $"{left.Id}", JsonOutput.Name(left.Id.Kind), left.IsRemoved, left.Reasons, left.Objects, left.Bytes))),
            ["unreadable"] = JsonOutput.List(plan.Unreadable.Select(
                commit => new JsonObject { ["id"] = $"{commit.Id}", ["message"] = commit.Message })),
            ["removed"] = JsonOutput.List(report?.Removed ?? []),
            ["removedObjects"] = report?.Objects ?? 0,
            ["removedBytes"] = report?.Bytes ?? 0,
            ["remarks"] = JsonOutput.List(report?.Remarks ?? []),
            ["durationSeconds"] = report?.Duration.TotalSeconds ?? 0,
        },
        Text = output => Write(output, plan, report, set),
    };

    private static JsonObject Row(string id, string kind, bool isRemoved, IReadOnlyList<string> reasons, int objects, long bytes) =>
        new JsonObject
        {
            ["id"] = id,
            ["kind"] = kind,
            ["action"] = isRemoved ? "remove" : "keep",
            ["reasons"] = JsonOutput.List(reasons),
            ["objects"] = objects,
            ["bytes"] = bytes,
        };

    private static CommandFailure? FailureOf(ExpiryPlan plan, ExpiryReport? report) =>
        report?.Failure is { } failure
            ? CommandFailure.Of(failure, isCancelled: false) with { Exit = ExitCode.Failed }
            : plan.Unreadable.Count == 0 ? null
            : new(ExitCode.Refused,
                $"{Quantity.Count(plan.Unreadable.Count, "commit")} cannot be read; {(plan.Unreadable.Count == 1 ? "it stays" : "they stay")}, "
                + "with all that may be needed",
                "copy it again from a second store; if it is lost, delete the object, and the next run removes the rest of it");

    private static void Write(TextWriter output, ExpiryPlan plan, ExpiryReport? report, BackupSet set)
    {
        if (plan.Backups.Count == 0 && plan.Leftovers.Count == 0 && plan.Unreadable.Count == 0)
            output.Write($"the set '{set}' has no backups\n");
        var table = new TextTable("ID", "KIND", "STATE", ">STORED", "", "WHY");
        foreach (var backup in plan.Backups)
        {
            table.Add(backup.Manifest.Id, JsonOutput.Name(backup.Manifest.Kind), BackupText.State(backup.Manifest),
                Quantity.Bytes(backup.Bytes), Verdict(backup.IsRemoved), string.Join("; ", backup.Reasons));
        }

        foreach (var left in plan.Leftovers)
        {
            table.Add($"{left.Id}", JsonOutput.Name(left.Id.Kind), "no commit",
                Quantity.Bytes(left.Bytes), Verdict(left.IsRemoved), string.Join("; ", left.Reasons));
        }

        if (plan.Backups.Count + plan.Leftovers.Count > 0)
            table.Write(output);
        foreach (var commit in plan.Unreadable)
            output.Write($"{commit.Id}  UNREADABLE: {commit.Message}\n");
        foreach (string remark in report?.Remarks ?? [])
            output.Write($"note: {remark}\n");
        int backups = plan.Backups.Count(backup => backup.IsRemoved), leftovers = plan.Leftovers.Count(left => left.IsRemoved);
        output.Write(report is null
            ? string.Create(CultureInfo.InvariantCulture, $"{Counted(backups, leftovers)} would be removed, ")
                + $"{Quantity.Bytes(plan.Backups.Where(backup => backup.IsRemoved).Sum(backup => backup.Bytes) + plan.Leftovers.Where(left => left.IsRemoved).Sum(left => left.Bytes))}\n"
            : report.Failure is null
                ? $"{Counted(backups, leftovers)} removed, {Quantity.Count(report.Objects, "object")}, {Quantity.Bytes(report.Bytes)}\n"
                : $"{Quantity.Count(report.Removed.Count)} of {Quantity.Count(backups + leftovers)} removed: {string.Join(", ", report.Removed)}\n");
    }

    private static string Counted(int backups, int leftovers) => Quantity.Count(backups, "backup")
        + (leftovers > 0 ? $" and what {Quantity.Count(leftovers, "run")} left" : "");

    private static string Verdict(bool isRemoved) => isRemoved ? "remove" : "keep";
}
