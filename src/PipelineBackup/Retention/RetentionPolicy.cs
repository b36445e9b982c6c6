namespace PipelineBackup;

/// <summary>
/// Which backups of a set are kept. Each rule names some; all that any rule names stay, and what those build on. The rules
/// are applied to the backups without damage, and again to all: one with damage takes no other's place.
/// </summary>
public sealed record RetentionPolicy
{
    /// <summary>The newest so many backups, of any kind. Default: no such rule.</summary>
    public int? KeepLast { get; init; }

    /// <summary>
    /// The backups of the last so many days, and the newest one before, so that every state of those days can be gone back to.
    /// The days end at the newest backup, or now, whichever is earlier. Default: no such rule.
    /// </summary>
    public int? KeepDays { get; init; }

    /// <summary>
    /// The newest backup of each of the last so many weeks that have one; Monday to Sunday, UTC. Default: no such rule.
    /// </summary>
    public int? KeepWeekly { get; init; }

    /// <summary>The newest backup of each of the last so many months that have one; UTC. Default: no such rule.</summary>
    public int? KeepMonthly { get; init; }

    /// <summary>Fails with all that is wrong.</summary>
    /// <exception cref="ArgumentException">There is no rule, or one of less than 1.</exception>
    public void Validate()
    {
        var rules = new (string Name, int? Value)[]
        {
            (nameof(KeepLast), KeepLast), (nameof(KeepDays), KeepDays), (nameof(KeepWeekly), KeepWeekly), (nameof(KeepMonthly), KeepMonthly),
        };
        if (rules.All(rule => rule.Value is null))
            throw new ArgumentException("there is no rule that says what to keep");
        if (rules.Where(rule => rule.Value < 1).ToList() is { Count: > 0 } wrong)
            throw new ArgumentException(string.Join("; ", wrong.Select(rule => $"{rule.Name} is {rule.Value}, and must be at least 1")));
    }
}
