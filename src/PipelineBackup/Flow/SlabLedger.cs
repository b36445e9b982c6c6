using Microsoft.Extensions.Logging;

namespace PipelineBackup.Flow;

/// <summary>
/// Watches that every slab of a run comes back. After a clean run one that does not is a fault of this program and fails
/// it; after a failed run, which has a failure of its own to tell, it is logged.
/// </summary>
internal sealed class SlabLedger(ILogger logger, params SlabPool[] pools) : IDisposable
{
    private bool _demanded;

    private int Outstanding => pools.Sum(pool => pool.Outstanding);

    /// <summary>Demands that nothing is outstanding.</summary>
    public void DemandAllBack()
    {
        _demanded = true;
        if (Outstanding != 0)
            throw new InvalidOperationException($"{Outstanding} slabs were not given back");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_demanded && Outstanding is not 0 and var lost)
            logger.LogError("{Count} slabs were not given back by a run that failed", lost);
    }
}
