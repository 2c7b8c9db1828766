# A state dict that PyTorch itself wrote, by torch.save and the script in docs/weights.md: a narrow DenseNet of torchvision behind one
# step of training. Writes from_torch.safetensors, and what the network says of a picture: from_torch.json.
# /usr/bin/python3 test/parity/from_torch.py
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from formula import picture
from torchvision.models import DenseNet

HERE = Path(__file__).parent
SHAPE = (2, 3, 32, 32)

torch.manual_seed(1)
net = DenseNet(growth_rate=4, block_config=(1, 2), num_init_features=8, num_classes=3)
x = torch.tensor(picture("from torch x", SHAPE), dtype=torch.float32).reshape(SHAPE)
optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
torch.nn.functional.cross_entropy(net(x), torch.tensor([0, 2])).backward()
optimizer.step()
net.eval()

with tempfile.TemporaryDirectory() as folder:
    weights, script = Path(folder) / "weights.pt", Path(folder) / "to_safetensors.py"
    torch.save(net.state_dict(), weights)
    docs = (HERE / "../../docs/weights.md").read_text()
    script.write_text(re.search(r"```python\n(.*?)```", docs, re.S)[1])
    subprocess.run([sys.executable, script, weights, HERE / "from_torch.safetensors"], check=True)

with torch.no_grad():
    logits = net.double()(x.double())
(HERE / "from_torch.json").write_text(json.dumps({"shape": SHAPE, "logits": logits.flatten().tolist()}) + "\n")
