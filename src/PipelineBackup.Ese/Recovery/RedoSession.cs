namespace PipelineBackup.Ese;

/// <summary>A session of the logs ("procid") while they are replayed.</summary>
internal sealed class RedoSession
{
    /// <summary>Its number.</summary>
    public ushort Id { get; init; }

    /// <summary>How many transactions are open, one within the other.</summary>
    public int Level { get; private set; }

    /// <summary>
    /// Whether an outermost transaction of it began since replay did. Before, what it changes is not looked at: the
    /// checkpoint never passes the begin of an open transaction, so those changes are in the database, or were undone.
    /// </summary>
    public bool HasBegun { get; set; }

    /// <summary>The outermost transaction; of the last one while none is open.</summary>
    public TransactionId Transaction { get; set; }

    /// <summary>Where the outermost transaction began.</summary>
    public LogPosition Begin { get; set; }

    /// <summary>What its open transactions changed; null as long as that is nothing.</summary>
    public SessionVersions? Versions { get; set; }

    /// <summary>Transactions begin.</summary>
    /// <param name="count">How many, one within the other.</param>
    public void Enter(int count) => Level += count;

    /// <summary>Transactions are committed: into the one around them, or for good.</summary>
    /// <param name="level">The level from now on.</param>
    public void CommitTo(int level)
    {
        Level = level;
        if (level == 0)
            Versions?.Clear();
        else
            Versions?.Commit(level);
    }

    /// <summary>Transactions are rolled back: what they changed is forgotten, it was undone before.</summary>
    /// <param name="level">The level from now on.</param>
    public void RollBackTo(int level)
    {
        Level = level;
        if (level == 0)
            Versions?.Clear();
        else
            Versions?.RollBack(level);
    }
}
